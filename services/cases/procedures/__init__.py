"""The law as tables: one module a procedure."""

from libs.common.procedure import Procedure
from services.cases.procedures.transfer import TRANSFER

PROCEDURES: dict[str, Procedure] = {procedure.name: procedure for procedure in (TRANSFER,)}

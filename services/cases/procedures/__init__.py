"""The law as tables: one module a procedure."""

from typing import Final

from libs.common.procedure import Procedure
from services.cases.procedures.cooperation import COOPERATION
from services.cases.procedures.criminal_file import CRIMINAL_FILE
from services.cases.procedures.damage import DAMAGE
from services.cases.procedures.detention import DETENTION_PROCEDURE
from services.cases.procedures.filing_supervision import FILING_SUPERVISION_PROCEDURE
from services.cases.procedures.items import ITEMS
from services.cases.procedures.measure import MEASURE
from services.cases.procedures.penalty import PENALTY_PROCEDURE
from services.cases.procedures.public_interest import PUBLIC_INTEREST
from services.cases.procedures.reverse import REVERSE
from services.cases.procedures.suspect import SUSPECT
from services.cases.procedures.transfer import TRANSFER
from services.cases.procedures.transfer_supervision import TRANSFER_SUPERVISION

PROCEDURES: Final[dict[str, Procedure]] = {
    procedure.name: procedure
    for procedure in (
        *(
            PENALTY_PROCEDURE,
            MEASURE,
            TRANSFER,
            CRIMINAL_FILE,
            SUSPECT,
            FILING_SUPERVISION_PROCEDURE,
        ),
        *(TRANSFER_SUPERVISION, ITEMS, REVERSE, DETENTION_PROCEDURE, DAMAGE, PUBLIC_INTEREST),
        COOPERATION,
    )
}
"""In the order of the domain reference."""

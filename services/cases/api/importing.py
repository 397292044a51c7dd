"""The route by which published cases are taken in as history."""

from fastapi import Request, Response

from libs.common.http import Routes, acting, json_response
from libs.common.service import Context
from services.cases.handlers.importing import import_case
from services.cases.importing import ImportReport, PublishedCase


def add_importing(router: Routes, context: Context) -> None:
    """Add the route of history import."""

    async def take_in(request: Request) -> Response:
        act_request = await acting(request, context)
        record = act_request.form(PublishedCase)
        return json_response(await import_case(context, act_request, record))

    router.act(
        "/imports",
        take_in,
        body=PublishedCase,
        answer=ImportReport,
        name="import_case",
        summary="导入公开案例（导入服务） / take in a published case, for the import service",
        description="逐环节按法定程序导入；同一记录重复导入不变。"
        " / Step by step through the tables; the same record again changes nothing.",
    )

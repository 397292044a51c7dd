"""The `type` of every problem leads to a place on a page that anybody may read."""

import html
import re

from libs.common.errors import leaves, meaning
from libs.common.http import route_of
from tests.support.running import CASES, Office


async def test_the_page_tells_every_refusal(shared: Office) -> None:
    answer = await shared.client.get("/errors")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    rows = re.findall(r'<tr id="([^"]+)">(.+)</tr>', answer.text)
    cells = {code: re.findall("<td>(.*?)</td>", row) for code, row in rows}
    assert cells == {
        leaf.code: [
            html.escape(each)
            for each in (leaf.code, str(leaf.status), leaf.title, meaning(leaf), leaf.remedy)
        ]
        for leaf in leaves()
    }


async def test_the_page_needs_nothing_from_elsewhere(shared: Office) -> None:
    page = (await shared.client.get("/errors")).text
    assert not re.search(r"<(script|link|img)|src=|href=|url\(|@import", page)


async def test_the_type_of_a_problem_is_an_anchor_of_the_page(shared: Office) -> None:
    refusal = await shared.client.get(CASES)
    assert refusal.status_code == 401
    path, _, anchor = refusal.json()["type"].partition("#")
    assert f'id="{anchor}"' in (await shared.client.get(path)).text


async def test_the_page_counts_as_one_route(shared: Office) -> None:
    app = shared.runtime.app
    assert app is not None
    [route] = [each for each in app.routes if getattr(each, "path", None) == "/errors"]
    assert route_of({"type": "http", "path": "/errors", "route": route}) == "/errors"

"""The page that the `type` of every problem points into; it needs nothing from elsewhere."""

import html

from libs.common.errors import Problem, leaves, meaning


def errors_page() -> str:
    """Every refusal with its status, title, meaning and remedy, as HTML; its code is its anchor."""
    rows = "\n".join(_row(leaf) for leaf in leaves())
    return f"""<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>错误代码 / Errors</title>
<style>
body {{ font: 1rem/1.5 sans-serif; margin: 2rem }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #bbb; padding: .3rem .6rem; text-align: left; vertical-align: top }}
tr:target {{ background: #fff3bf }}
</style>
</head>
<body>
<h1>错误代码 / Errors</h1>
<table>
<thead>
<tr><th>code</th><th>status</th><th>标题 / title</th><th>meaning</th><th>处理 / remedy</th></tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def _row(leaf: type[Problem]) -> str:
    cells = (leaf.code, str(leaf.status), leaf.title, meaning(leaf), leaf.remedy)
    written = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f'<tr id="{html.escape(leaf.code)}">{written}</tr>'

"""`verify-signature` beside a running program asks it for its keys, and afterwards those kept."""

import json
from pathlib import Path

from tests.program.program import Program, command, surroundings
from tests.program.test_running import open_case

OFFICER = "ly-eeb-officer-1"
FLAG = {"form": {"offence": "xf338", "ground": "（测试）"}}


def test_an_answer_is_verified_beside_the_program_and_without_it(
    program: Program, tmp_path: Path
) -> None:
    case = open_case(program, "verified").json()["id"]
    path = f"/api/cases/v1/cases/{case}/flag_suspicion"
    answer = program.ask(
        OFFICER, "POST", path, json=FLAG, headers={"Idempotency-Key": "verified-flag"}
    )
    assert answer.is_success, answer.text
    kept, keys = tmp_path / "kept.json", tmp_path / "keys.json"
    kept.write_text(answer.text)

    beside = command("verify-signature", str(kept), environment=surroundings(program.var))
    assert (beside.returncode, beside.stderr) == (0, "")
    assert "2 有效 hold, 0 无效 do not hold" in beside.stdout

    address = f"{program.api}/api/cases/v1/keys"
    keys.write_text(program.ask(OFFICER, "GET", "/api/cases/v1/keys").text)
    for place in (address, str(keys)):
        done = command(
            *("verify-signature", str(kept), "--keys", place, "--json"),
            environment=surroundings(tmp_path / "nothing-runs-here"),
        )
        assert done.returncode == 0, done
        assert [row["holds"] for row in json.loads(done.stdout)] == [True, True]

    nobody = surroundings(tmp_path / "nothing-runs-here")
    alone = command("verify-signature", str(kept), environment=nobody)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "--keys" in alone.stderr

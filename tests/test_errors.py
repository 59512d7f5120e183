"""Messages: a sentence of fact, a sentence of cure, ten shown and the rest counted."""

from __future__ import annotations

from ecity_geo.errors import AnalysisError, EcityError, Fault, InputError


def fault(line: int, cure: str = "Correct the value.") -> Fault:
    return Fault(
        source="responses.csv",
        where=f"line {line}",
        field="internet",
        found="7",
        expected="1-5",
        cure=cure,
    )


def test_one_fault_names_file_line_field_value_and_cure() -> None:
    assert str(InputError(fault(57))) == (
        'responses.csv, line 57, field "internet": found 7, expected 1-5.\nCorrect the value.'
    )


def test_faults_with_one_cure_stand_together() -> None:
    message = str(InputError([fault(1), fault(2), fault(3, cure="Ask.")]))
    assert message.count("Correct the value.") == 1
    assert message.endswith("Ask.")


def test_ten_faults_are_shown_and_the_rest_counted_with_their_lines() -> None:
    error = InputError([fault(line) for line in range(1, 14)])
    assert str(error).count("found 7") == 10
    assert str(error).endswith("(3 more faults: line 11, line 12, line 13)")
    assert len(error.faults) == 13


def test_fault_of_a_whole_file_has_no_empty_places() -> None:
    whole = Fault(source="a.csv", found="no file", expected="a table", cure="Name another.")
    assert whole.fact() == "a.csv: found no file, expected a table."


def test_both_errors_are_a_users_to_mend() -> None:
    assert issubclass(InputError, EcityError)
    assert issubclass(AnalysisError, EcityError)

from dash_app.components.run_id import LONGEST_SHOWN, run_id_text, short_run_id


def test_a_short_id_is_shown_whole() -> None:
    assert short_run_id("run-1-0a1b2c3d") == "run-1-0a1b2c3d"


def test_a_long_id_keeps_its_start_and_its_hash() -> None:
    shown = short_run_id("a_very_long_file_name_of_2026-11-22-0a1b2c3d")
    assert shown.endswith("…0a1b2c3d")
    assert len(shown) == LONGEST_SHOWN


def test_the_whole_id_is_in_the_tooltip() -> None:
    whole = "a_very_long_file_name_of_2026-11-22-0a1b2c3d"
    assert run_id_text(whole).title == whole

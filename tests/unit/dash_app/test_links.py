from urllib.parse import parse_qs, urlsplit

from dash_app.links import alert_link, alerts_link, dagster_run_link, dataset_link, datasets_link, run_link

ODD = "a b&run=x/ä?#"


def test_names_with_signs_of_an_address_in_them_come_back_whole() -> None:
    for link, name in (
        (dataset_link(ODD), "dataset"),
        (run_link("d", ODD), "run"),
        (alert_link(ODD), "alert"),
        (alerts_link(ODD), "dataset"),
        (datasets_link(2, ODD), "q"),
    ):
        assert parse_qs(urlsplit(link).query)[name] == [ODD]
    assert dagster_run_link("http://127.0.0.1:3000", "ab cd").endswith("/runs/ab%20cd")

"""``python -m dqm_assets.cli`` is ``dqm``."""

from dqm_assets.cli.main import app

if __name__ == "__main__":
    app()

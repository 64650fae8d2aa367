"""``python -m dash_app``: the dashboard alone, with the settings of the environment."""

import sys

from dash_app.serve import serve
from dqm_assets.errors import DqmError
from dqm_assets.settings import settings

if __name__ == "__main__":
    try:
        serve(settings())
    except DqmError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)

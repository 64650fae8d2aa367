"""The simulator: one server that speaks the APIs of the sources, with data of its own making."""

from fastapi import FastAPI

from dqm_assets.simulate.crypto_api import crypto_router
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router


def create_simulator(devices: DeviceSimulation | None = None) -> FastAPI:
    """Make the simulator's app: the device API and the market API.

    Args:
        devices: The simulated fleet; 4,000 devices without faults when left out.
    """
    app = FastAPI(
        title="dqm simulator",
        summary="Simulated sources: every number is invented.",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(devices_router(devices))
    app.include_router(crypto_router())

    @app.get("/health")
    async def health() -> dict[str, bool]:
        """Say that it answers."""
        return {"simulated": True}

    return app

"""Every setting of the product: one small class a concern, read from the environment, checked at start.

A wrong value stops the start with the variable's name, the value and what was expected, never later in a request.
`docs/settings.md` lists all of them; a test keeps that list complete.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent
DISPLAY_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which every time is shown. Stored times are UTC."""

CoordinateSystem = Literal["wgs84", "gcj02", "bd09"]


class DatabaseSettings(BaseSettings):
    """Where PostgreSQL is. Without `DATABASE_URL` the private cluster under `.data/` is used."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore")

    database_url: SecretStr | None = None
    """Login that owns and migrates the schema, e.g. `postgresql://owner@host/gridaudit`."""
    web_database_url: SecretStr | None = None
    """Login of the web processes; owns nothing. Default: the owner's login, lowered to `gridaudit_web` at connect."""
    replica_database_url: SecretStr | None = None
    """Optional streaming replica for reads."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    database_statement_timeout_ms: Annotated[int, Field(ge=100, le=600_000)] = 5_000

    @field_validator("database_url", "web_database_url", "replica_database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("expected an address that begins with postgresql://")
        return value


class WebSettings(BaseSettings):
    """The web processes and what stands before them."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_", extra="ignore")

    data_dir: Path = ROOT / ".data"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8050
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    secure_cookies: bool = False
    """Set when the site is reached over https; adds Secure to cookies and HSTS to answers."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose X-Forwarded-* headers are believed, comma separated."""
    public_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Further origins that browsers may use, comma separated, e.g. `https://audit.example`."""
    default_language: Literal["en", "zh"] = "zh"

    @field_validator("public_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )


class SessionSettings(BaseSettings):
    """How long a sign-in lasts and how often it may be tried."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_SESSION_", extra="ignore")

    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    absolute_hours: Annotated[int, Field(ge=1, le=168)] = 12
    rotate_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    recheck_seconds: Annotated[float, Field(gt=0, le=5)] = 2.0
    """How often an open socket asks whether its sign-in still stands; the promise to users is 5 s."""
    attempts_per_account: Annotated[int, Field(ge=1)] = 8
    attempts_per_address: Annotated[int, Field(ge=1)] = 40
    attempt_window_minutes: Annotated[int, Field(ge=1)] = 10


class MapSettings(BaseSettings):
    """The map's optional background source. Empty: only our own layers, which need no network."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_MAP_", extra="ignore")

    tile_url: str | None = None
    """XYZ or WMTS address with {z}, {x}, {y}."""
    tile_coordinate_system: CoordinateSystem = "wgs84"
    tile_attribution: str = ""
    tile_min_zoom: Annotated[int, Field(ge=0, le=24)] = 1
    tile_max_zoom: Annotated[int, Field(ge=0, le=24)] = 18
    tile_zoom_offset: Annotated[int, Field(ge=-3, le=3)] = 0

    @model_validator(mode="after")
    def _template_is_whole(self) -> "MapSettings":
        if self.tile_url and not all(part in self.tile_url for part in ("{z}", "{x}", "{y}")):
            raise ValueError(f"GRIDAUDIT_MAP_TILE_URL needs {{z}}, {{x}} and {{y}}, got {self.tile_url!r}")
        if self.tile_min_zoom > self.tile_max_zoom:
            raise ValueError(
                f"GRIDAUDIT_MAP_TILE_MIN_ZOOM {self.tile_min_zoom} is above"
                f" GRIDAUDIT_MAP_TILE_MAX_ZOOM {self.tile_max_zoom}"
            )
        return self


class PositionSettings(BaseSettings):
    """What counts as a believable fix, and when an inspector counts as silent. Domain sheet 1.8: all `[design]`."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_POSITION_", extra="ignore")

    batch_max: Annotated[int, Field(ge=1, le=100_000)] = 5_000
    future_seconds: float = 120.0
    too_old_hours: float = 72.0
    clock_skew_seconds: float = 600.0
    max_accuracy_m: float = 200.0
    max_speed_kmh: float = 200.0
    """Reported speed above this is implausible."""
    teleport_kmh: float = 300.0
    """Speed implied by two successive fixes above this is a teleport (jump)."""
    area_margin_km: float = 50.0
    """Fixes further than this from the utility's area are refused."""
    keep_mock: bool = False
    silent_seconds: float = 180.0
    offline_seconds: float = 900.0
    moving_kmh: float = 4.0
    on_site_m: float = 150.0
    retention_days: Annotated[int, Field(ge=1)] = 90
    partitions_ahead_days: Annotated[int, Field(ge=1, le=60)] = 7


class LiveSettings(BaseSettings):
    """The live path: how often, how far back, how much for one client."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_LIVE_", extra="ignore")

    merge_ms: Annotated[int, Field(ge=10, le=5_000)] = 250
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 5.0
    send_timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    feed_keep_minutes: Annotated[int, Field(ge=5)] = 60
    max_clients: Annotated[int, Field(ge=1)] = 5_000
    positions_budget_seconds: float = 60.0
    tickets_budget_seconds: float = 30.0
    risk_budget_seconds: float = 300.0


class ObjectStoreSettings(BaseSettings):
    """Where the bytes of evidence lie: files below the data folder, or an S3-compatible store."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_OBJECTS_", extra="ignore", frozen=True)

    kind: Literal["files", "s3"] = "files"
    folder: Path | None = None
    """Default: `objects` in the data folder. With more than one machine it must be shared."""
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_prefix: str = "evidence/"
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    orphan_hours: Annotated[int, Field(ge=1)] = 24
    """Objects that no evidence names are deleted at this age: uploads that broke off."""

    @model_validator(mode="after")
    def _s3_is_whole(self) -> "ObjectStoreSettings":
        if self.kind == "s3" and not self.s3_bucket:
            raise ValueError("GRIDAUDIT_OBJECTS_KIND s3 needs GRIDAUDIT_OBJECTS_S3_BUCKET")
        if (self.s3_access_key is None) != (self.s3_secret_key is None):
            raise ValueError("GRIDAUDIT_OBJECTS_S3_ACCESS_KEY and GRIDAUDIT_OBJECTS_S3_SECRET_KEY go together")
        return self


class EvidenceSettings(BaseSettings):
    """What may be evidence. All `[design]`."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_EVIDENCE_", extra="ignore")

    max_megabytes: Annotated[int, Field(ge=1, le=1024)] = 25
    max_megapixels: Annotated[int, Field(ge=1, le=500)] = 50
    max_files: Annotated[int, Field(ge=1, le=1000)] = 60
    """Files of one ticket."""
    shown_edge: Annotated[int, Field(ge=256, le=8192)] = 2048
    """Longest edge of the copy that people look at, pixels."""
    matching_seconds: Annotated[float, Field(gt=0)] = 1800.0
    matching_m: Annotated[float, Field(gt=0)] = 500.0


class PresenceSettings(BaseSettings):
    """What makes a check-in believable. Domain sheet 1.8: all `[design]`."""

    model_config = SettingsConfigDict(env_prefix="GRIDAUDIT_PRESENCE_", extra="ignore")

    fence_m: Annotated[float, Field(gt=0)] = 150.0
    far_m: Annotated[float, Field(gt=0)] = 1000.0
    good_accuracy_m: Annotated[float, Field(gt=0)] = 30.0
    bad_accuracy_m: Annotated[float, Field(gt=0)] = 200.0
    dwell_seconds: Annotated[float, Field(gt=0)] = 300.0
    gap_seconds: Annotated[float, Field(gt=0)] = 300.0
    mock_most: Annotated[int, Field(ge=0, le=100)] = 10

    @model_validator(mode="after")
    def _in_order(self) -> "PresenceSettings":
        if not self.fence_m < self.far_m:
            raise ValueError("GRIDAUDIT_PRESENCE_FENCE_M must be below GRIDAUDIT_PRESENCE_FAR_M")
        if not self.good_accuracy_m < self.bad_accuracy_m:
            raise ValueError("GRIDAUDIT_PRESENCE_GOOD_ACCURACY_M must be below GRIDAUDIT_PRESENCE_BAD_ACCURACY_M")
        return self


class Settings(BaseSettings):
    """All concerns together."""

    model_config = SettingsConfigDict(extra="ignore")

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    session: SessionSettings = Field(default_factory=SessionSettings)
    map: MapSettings = Field(default_factory=MapSettings)
    position: PositionSettings = Field(default_factory=PositionSettings)
    live: LiveSettings = Field(default_factory=LiveSettings)
    objects: ObjectStoreSettings = Field(default_factory=ObjectStoreSettings)
    evidence: EvidenceSettings = Field(default_factory=EvidenceSettings)
    presence: PresenceSettings = Field(default_factory=PresenceSettings)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        pydantic.ValidationError: a variable has a value that cannot be used.
    """
    return Settings()

"""The only reader of environment and settings file. Every setting has a default and a description."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from khulasa.server.processor import available_threads
from khulasa.server.settings_errors import SettingsError, check_file, fault_of_file, faults_of, masked
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

__all__ = ["DEFAULT_FILE", "ENV_PREFIX", "LogFormat", "LogLevel", "Settings", "load_settings", "settings_file"]

ENV_PREFIX = "KHULASA_"
DEFAULT_FILE = Path("khulasa.toml")
_SHA256_HEX_DIGITS = 64
# gRPC counts milliseconds in 32 bits: 24 days.
_MOST_SECONDS = 2_147_483
# With a symmetric one the file of public keys would be enough to make tokens.
_ASYMMETRIC = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ComputeType(StrEnum):
    """Number format of the decoder's arithmetic."""

    DEFAULT = "default"
    AUTO = "auto"
    INT8 = "int8"
    INT8_FLOAT32 = "int8_float32"
    INT8_FLOAT16 = "int8_float16"
    INT16 = "int16"
    FLOAT16 = "float16"
    FLOAT32 = "float32"


_List = Annotated[tuple[str, ...], NoDecode]
_Paths = Annotated[tuple[Path, ...], NoDecode]
_Tokens = Annotated[dict[str, SecretStr], NoDecode]


class Settings(BaseSettings):
    """Everything that an operator may set. Sources, strongest first: command line, environment, file, default."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True, validate_default=True)

    # Where it listens.
    host: str = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 or [::] for every interface.")
    port: int = Field(50051, ge=0, le=65535, description="Port of the API; 0 takes a free one and prints it.")
    health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of a second listener with nothing but the health service, in plain text: for probes that"
        " speak no TLS. 0 for none.",
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of the Prometheus metrics. 0 for none.")
    metrics_host: str = Field("127.0.0.1", description="Address of the Prometheus metrics.")
    reflection: bool = Field(True, description="Describe the API to callers (grpc.reflection.v1alpha).")

    # Models.
    models: _List = Field(
        (),
        description="Model packages to load, names or paths, comma separated; the first one of a pair is its default."
        " Empty loads every package found, previews last.",
    )
    summary_model: str = Field(
        "",
        description="Summarization package, name or path, that writes summaries in its languages, with evidence"
        " spans. Empty: summaries are made of the article's own sentences.",
    )
    model_dirs: _Paths = Field(
        (),
        description="Folders searched for packages before the download folder and the bundled ones, comma separated.",
    )
    download_dir: Path = Field(
        Path("~/.local/share/khulasa/models"),
        description="Where `khulasa-server models pull` puts packages; searched after `model_dirs`.",
    )
    device: str = Field("cpu", pattern="^(cpu|cuda|auto)$", description="Where models run: cpu, cuda or auto.")
    compute_type: ComputeType = Field(
        ComputeType.DEFAULT, description="Number format of the decoder; `default` keeps that of the package."
    )
    threads: int = Field(
        0, ge=0, le=1024, description="Threads for models together. 0: the cores that this process may use."
    )
    inter_threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Batches decoded at a time, `threads` divided among them. 0: chosen from `threads`;"
        " `khulasa-server tune` finds the best.",
    )

    # Decoding.
    beam_size: int = Field(4, ge=1, le=8, description="Beams when the caller names none.")
    batch_tokens: int = Field(
        256, ge=16, le=65_536, description="Source tokens decoded together; `khulasa-server tune` finds the best."
    )
    vocabulary_map: bool = Field(
        True,
        description="Score only the target pieces that a package's map (vmap.txt) names for a sentence, where it has"
        " one: much faster. Off: every piece.",
    )
    cache_bytes: int = Field(
        64 * 2**20, ge=0, description="Memory for translations of segments seen before. 0 for no cache."
    )
    mend: bool = Field(
        True,
        description="Repair segments that carry a quality flag: another hypothesis of the beam, or one more decoding,"
        " is kept where its flags weigh less. Off: faster, and the flags stay.",
    )
    memory_path: Path | None = Field(
        None,
        description="Translation memory: approved pairs, used in place of the model and marked in the response."
        " `khulasa-server memory import` makes the file. None: no memory.",
    )

    # What one request may hold.
    max_article_chars: int = Field(
        500_000, ge=1, le=10_000_000, description="Code points of one article or text. A long book has about as many."
    )
    max_texts: int = Field(1_024, ge=1, le=100_000, description="Texts of one Translate, pairs of one Assess.")
    max_request_chars: int = Field(
        1_000_000, ge=1, le=100_000_000, description="Code points of all texts of one Translate or Assess together."
    )
    max_message_bytes: int = Field(
        32 * 2**20,
        ge=64 * 1024,
        le=2**31 - 1,
        description="Largest request in bytes, decompressed. A larger one gets RESOURCE_EXHAUSTED from gRPC itself.",
    )

    # How much may be going on.
    queue_tokens: int = Field(
        200_000, ge=1_000, description="Source tokens that may wait for a decoder. More: RESOURCE_EXHAUSTED, RetryInfo."
    )
    queue_tokens_per_caller: int = Field(
        0, ge=0, description="Source tokens of one caller that may wait. 0: no limit but `queue_tokens`."
    )
    max_calls: int = Field(256, ge=0, description="Calls in flight on the server, health not counted. 0: no limit.")
    max_calls_per_caller: int = Field(
        0, ge=0, description="Calls in flight of one caller, who has fifteen sixteenths of all at most. 0: these."
    )
    quota_requests_per_minute: int = Field(
        0, ge=0, description="Requests with texts of one caller a minute; each article of a stream is one. 0: no limit."
    )
    quota_chars_per_minute: int = Field(0, ge=0, description="Code points sent by one caller a minute. 0: no limit.")
    stream_articles: int = Field(
        8, ge=1, le=256, description="Articles of one SummarizeStream in work or waiting to be read by the caller."
    )

    # Connections.
    drain_grace_s: float = Field(
        30.0, ge=0, le=_MOST_SECONDS, description="After SIGTERM, seconds that calls in flight may take to finish."
    )
    keepalive_s: float = Field(
        60.0,
        ge=1,
        le=_MOST_SECONDS,
        description="A silent connection is pinged after this many seconds, and closed when no answer comes for 60 s.",
    )
    max_connection_idle_s: float = Field(
        0.0,
        ge=0,
        le=_MOST_SECONDS,
        description="A connection without calls is closed after this many seconds. 0: never.",
    )
    max_connection_age_s: float = Field(
        0.0, ge=0, le=_MOST_SECONDS, description="A connection is closed gracefully after this many seconds. 0: never."
    )

    # Who may call.
    tls_certificate: Path | None = Field(
        None,
        description="PEM certificate chain. Set: TLS."
        " A changed file is used for the next connection; a wrong one is not.",
    )
    tls_key: Path | None = Field(None, description="PEM private key of the certificate.")
    tls_client_ca: Path | None = Field(
        None, description="PEM certificates that sign clients' certificates. Set: mutual TLS, no call without one."
    )
    tokens: _Tokens = Field(
        default_factory=dict,
        description="Tokens let in, as `name:sha256` pairs, comma separated (a table in the file);"
        " `khulasa-server token NAME` makes one. Empty: no token is asked for.",
    )
    jwt_jwks_file: Path | None = Field(
        None,
        description="JSON Web Key Set with the public keys of an identity provider. Set: its signed tokens (JWT) are"
        " let in beside `tokens`, and calls without either are not. Needs the extra `jwt`. A changed file is used"
        " for the next call.",
    )
    jwt_issuer: str = Field("", description="What `iss` of a signed token must be. Needed with `jwt_jwks_file`.")
    jwt_audience: str = Field(
        "", description="What `aud` of a signed token must be or hold. Needed with `jwt_jwks_file`."
    )
    jwt_algorithms: _List = Field(
        ("RS256", "ES256", "EdDSA"),
        min_length=1,
        description=f"Signatures allowed, comma separated, out of {', '.join(_ASYMMETRIC)}.",
    )
    jwt_leeway_s: float = Field(
        10.0, ge=0, le=300, description="Seconds that clocks may differ when `exp` and `nbf` are looked at."
    )

    # What it writes.
    otel_endpoint: str = Field(
        "",
        # No name and password: they are sent nowhere and would stand in the log. A port is at most 65535.
        pattern=r"^(https?://(\[[0-9A-Fa-f:]+\]|[^/\s@:\[\]]+):"
        r"([1-9]\d{0,3}|[1-5]\d{4}|6([0-4]\d{3}|5([0-4]\d{2}|5([0-2]\d|3[0-5])))))?$",
        description="OpenTelemetry collector that spans of calls are sent to, by OTLP over gRPC:"
        " `http://HOST:4317`, in plain text, or `https://HOST:4317`. Needs the extra `otel`. Empty for no spans.",
    )
    log_format: LogFormat = Field(LogFormat.JSON, description="`json` for machines, `console` for people.")
    log_level: LogLevel = Field(LogLevel.INFO, description="Least severe lines written.")
    log_texts: bool = Field(
        False, description="Let the log quote callers' texts in the messages of unexpected errors. Off: never."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_plain(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuses what would pass for something else: `true` for 1, an empty path for the working folder."""
        kind = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and kind is not bool:
            raise ValueError("give a number or text, not true or false")
        texts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise ValueError("it holds a character that no name and no path has")
        if isinstance(value, list) and "" in value:
            raise ValueError("an entry of the list is empty")
        if isinstance(value, str) and kind in (Path, Path | None):
            if not value.strip():
                raise ValueError("empty: give a path, or leave the setting out")
            path = _checked_home(Path(value))
            # That of packages stays as it is written: on each machine of a cluster it is another.
            return value if info.field_name == "download_dir" else path
        return value

    @field_validator("model_dirs")
    @classmethod
    def _home(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in value:
            _checked_home(path)
        return value

    @field_validator("models", "model_dirs", "jwt_algorithms", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("tokens", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition(":") for part in value.split(",") if part.strip()]
        if len({name for name, colon, _ in pairs if colon}) != len(pairs):  # not quoted: it may be the token itself
            raise ValueError("two tokens have one name, or one has no colon: give NAME:SHA-256 pairs")
        return {name: token_hash for name, _, token_hash in pairs}

    @field_validator("max_connection_idle_s", "max_connection_age_s")
    @classmethod
    def _time_to_call(cls, value: float) -> float:
        # In less no client gets an answer.
        if 0 < value < 1:
            raise ValueError("give 1 or more, or 0 for never")
        return value

    @field_validator("tokens")
    @classmethod
    def _hashes(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, token_hash in value.items():
            # Callers of other kinds have colons: `jwt:desk` would have one quota with that signed token.
            plain, named = token_hash.get_secret_value(), name and ":" not in name and masked(name) == name
            if not named or len(plain) != _SHA256_HEX_DIGITS or set(plain) - set("0123456789abcdef"):
                raise ValueError(f"token {name!r}: give a name (no colon) and the token's SHA-256, 64 small hex digits")
        return value

    @field_validator("jwt_algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in _ASYMMETRIC:
                raise ValueError(f"{name!r} is not one of {', '.join(_ASYMMETRIC)}")
        return value

    @model_validator(mode="after")
    def _jwt_is_whole(self) -> Settings:
        if self.jwt_jwks_file is not None and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("jwt_jwks_file needs jwt_issuer and jwt_audience: other services' tokens must not pass")
        if self.jwt_jwks_file is None and (self.jwt_issuer or self.jwt_audience):
            raise ValueError("jwt_issuer and jwt_audience need jwt_jwks_file: without it nothing is checked")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Settings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both or none")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca needs tls_certificate and tls_key")
        return self

    @property
    def thread_count(self) -> int:
        """Threads for models together, >= 1."""
        return self.threads or available_threads()

    @property
    def decoder_threads(self) -> tuple[int, int]:
        """Batches at a time and threads of each: small models gain more from the former, up to two threads each."""
        threads = self.thread_count
        batches = min(self.inter_threads or (threads if threads < 4 else threads // 2), threads)
        return batches, threads // batches

    @property
    def token_hashes(self) -> dict[str, str]:
        """Hash of each token by name, in the clear."""
        return {name: token_hash.get_secret_value() for name, token_hash in self.tokens.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _checked_home(path: Path) -> Path:
    """`path` with the home folder in the place of `~`."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("the user behind ~ is not known here") from error


def settings_file(file: Path | None = None) -> Path | None:
    """The settings file: `file`, or the one that KHULASA_CONFIG names, or khulasa.toml here if there is one."""
    named = file or os.environ.get("KHULASA_CONFIG")
    # Links that lead nowhere count: what was meant to close the server must not pass for nothing.
    return Path(named) if named else DEFAULT_FILE if os.path.lexists(DEFAULT_FILE) else None


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """The settings, from the settings file (`settings_file`), environment and overrides.

    Raises:
        SettingsError: the file cannot be read or is not TOML, or a value is wrong; it names the file or the settings.
    """
    path = settings_file(file)

    class _WithFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    values = {name: value for name, value in overrides.items() if value is not None}
    try:
        if path is not None:
            check_file(path)
        return _WithFile(**values)
    except ValidationError as error:
        descriptions = {name: field.description or "" for name, field in Settings.model_fields.items()}
        raise SettingsError(faults_of(error, descriptions, ENV_PREFIX)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError([fault_of_file(path or DEFAULT_FILE, error)]) from error

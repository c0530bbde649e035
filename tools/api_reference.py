"""Write docs/api.md from the protos: every service, method, message, field and enum with its comment.

python tools/api_reference.py            write it
python tools/api_reference.py --check    exit 1 when docs/api.md is not what the protos give
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from protos import PACKAGE, PROTO, googleapis_include

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/api.md"
ORDER = ["summary", "translation", "model", "common"]
# Numbers of the fields in descriptor.proto, of which a location's path is made.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE, _MESSAGE_FIELD, _ENUM_VALUE, _SERVICE_METHOD = 4, 5, 6, 2, 2, 2
_SCALARS = {
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_INT32: "int32",
    FieldDescriptorProto.TYPE_FLOAT: "float",
    FieldDescriptorProto.TYPE_BOOL: "bool",
}

Comments = dict[tuple[int, ...], str]


def descriptors() -> list[FileDescriptorProto]:
    """The protos with their comments, in the page's order."""
    with tempfile.NamedTemporaryFile(suffix=".pb") as out:
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{googleapis_include()}"]
        command += ["--include_source_info", f"--descriptor_set_out={out.name}"]
        command += [f"{PACKAGE.as_posix()}/{name}.proto" for name in ORDER]
        subprocess.run(command, check=True)
        files = {f.name: f for f in FileDescriptorSet.FromString(Path(out.name).read_bytes()).file}
    return [files[f"{PACKAGE.as_posix()}/{name}.proto"] for name in ORDER]


def comments(file: FileDescriptorProto) -> Comments:
    """Leading comment by path, on one line."""
    found = file.source_code_info.location
    return {tuple(place.path): " ".join(place.leading_comments.split()) for place in found if place.leading_comments}


def type_name(field: FieldDescriptorProto) -> str:
    """The field's type as a reader writes it, linked when it is ours."""
    name = _SCALARS.get(field.type, "")
    if not name:
        full = field.type_name.lstrip(".")
        short = full.rsplit(".", 1)[-1]
        name = f"[{short}](#{short.lower()})" if full.startswith("khulasa.") else full
    return f"repeated {name}" if field.label == FieldDescriptorProto.LABEL_REPEATED else name


def cell(text: str) -> str:
    """Text safe inside a table."""
    return text.replace("|", "\\|")


def service(proto: ServiceDescriptorProto, at: tuple[int, ...], notes: Comments) -> Iterable[str]:
    """A service with its methods."""
    yield from (f"## {proto.name}", "", notes.get(at, ""), "")
    for index, method in enumerate(proto.method):
        asked, given = (
            ("stream " if streaming else "") + f"[{name.rsplit('.', 1)[-1]}](#{name.rsplit('.', 1)[-1].lower()})"
            for name, streaming in (
                (method.input_type, method.client_streaming),
                (method.output_type, method.server_streaming),
            )
        )
        yield f"- **{method.name}** ({asked}) → {given}  "
        yield f"  {notes.get((*at, _SERVICE_METHOD, index), '')}"
    yield ""


def message(proto: DescriptorProto, at: tuple[int, ...], notes: Comments) -> Iterable[str]:
    """A message with its fields."""
    yield from (f"### {proto.name}", "", notes.get(at, ""), "")
    if proto.field:
        yield from ("| Field | Type | Meaning |", "|---|---|---|")
        for index, field in enumerate(proto.field):
            one_of = " (one of)" if field.HasField("oneof_index") else ""
            note = cell(notes.get((*at, _MESSAGE_FIELD, index), ""))
            yield f"| `{field.name}` | {type_name(field)}{one_of} | {note} |"
        yield ""


def enum(proto: EnumDescriptorProto, at: tuple[int, ...], notes: Comments) -> Iterable[str]:
    """An enum with its values."""
    yield from (f"### {proto.name}", "", notes.get(at, ""), "", "| Value | Number | Meaning |", "|---|---|---|")
    for index, value in enumerate(proto.value):
        yield f"| `{value.name}` | {value.number} | {cell(notes.get((*at, _ENUM_VALUE, index), ''))} |"
    yield ""


def page() -> str:
    """The whole page."""
    lines = ["# API reference, khulasa.v1", "", "Made from the protos by `make proto`; edit the comments there.", ""]
    for file in descriptors():
        notes = comments(file)
        for index, one_service in enumerate(file.service):
            lines += service(one_service, (_FILE_SERVICE, index), notes)
    lines += ["## Messages and enums", ""]
    for file in descriptors():
        notes = comments(file)
        for index, one_message in enumerate(file.message_type):
            lines += message(one_message, (_FILE_MESSAGE, index), notes)
        for index, one_enum in enumerate(file.enum_type):
            lines += enum(one_enum, (_FILE_ENUM, index), notes)
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    made = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
            print("docs/api.md is not what the protos give: run `make proto`", file=sys.stderr)
            return 1
        print("docs/api.md matches the protos")
        return 0
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

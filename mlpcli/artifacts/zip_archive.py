"""The zip around the arrays of an .npz: written always alike, and read so that no byte is left unexplained.

Layout (APPNOTE.TXT 4.3): members one after the other, each with a local header; the directory that lists
them; the end record. Reading accepts only archives in which these parts follow each other without a gap.

Python's zipfile accepts more than that, and other things from one Python to the next. To see that nothing is
hidden takes the local headers, so with it three quarters of this would stay. It would copy the whole file,
load a codec while a model is opened, and without any check make that 1 to 4 % slower (python
tests/benchmarks/decisions.py --only container).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from mlpcli.artifacts.source_file import FileFormatError

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
STORED = 0
VERSION = 20
UNIX = 3 << 8
FILE_MODE = 0o100644 << 16
MIDNIGHT, FIRST_DAY = 0, 0x21  # 1 January 1980, the earliest date that a zip can hold
UTF8_NAME, ENCRYPTED = 0x800, 0x1
IN_EXTRA_FIELD = 0xFFFFFFFF  # the size is in a zip64 field: NumPy writes its local headers so
MAX_MEMBERS = 4096
UNCOMPRESSED = "mlp reads what np.savez writes, not np.savez_compressed"
DAMAGED = "the archive is cut short or damaged"


class _LocalHeader(NamedTuple):
    mark: bytes
    needs: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    stored: int
    size: int
    name_length: int
    extra_length: int


class _CentralHeader(NamedTuple):
    mark: bytes
    made_by: int
    needs: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    stored: int
    size: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    internal: int
    external: int
    offset: int


@dataclass(frozen=True)
class Member:
    """One file of an archive: its bytes as they are stored, and what they must become."""

    name: str
    method: int
    content: memoryview
    size: int
    crc: int

    def stored_bytes(self) -> memoryview:
        """The content of a member that is not compressed, its checksum verified."""
        if self.method != STORED:
            raise FileFormatError(f"member {self.name} is compressed", UNCOMPRESSED)
        return verified(self, self.content)


def verified(member: Member, content: memoryview) -> memoryview:
    """`content` when it has the size and the checksum that the archive states."""
    if len(content) != member.size or zlib.crc32(content) != member.crc:
        raise FileFormatError(f"member {member.name} is damaged (checksum)")
    return content


def write_archive(stream: BinaryIO, members: Iterable[tuple[str, Sequence[bytes | memoryview]]]) -> None:
    """Write `(name, blocks)` members uncompressed; the bytes depend on nothing else, no clock included."""
    directory: list[bytes] = []
    offset = 0
    for name, blocks in members:
        encoded, crc = name.encode("ascii"), 0
        for block in blocks:
            crc = zlib.crc32(block, crc)
        size = sum(len(block) for block in blocks)
        shared = (VERSION, 0, STORED, MIDNIGHT, FIRST_DAY, crc, size, size, len(encoded), 0)
        for block in (LOCAL.pack(LOCAL_MARK, *shared), encoded, *blocks):
            stream.write(block)
        entry = CENTRAL.pack(CENTRAL_MARK, UNIX | VERSION, *shared, 0, 0, 0, FILE_MODE, offset)
        directory.append(entry + encoded)
        offset += LOCAL.size + len(encoded) + size
    listing = b"".join(directory)
    count = len(directory)
    stream.write(listing + END.pack(END_MARK, 0, 0, count, count, len(listing), offset, 0))


def read_archive(data: bytes | bytearray) -> dict[str, Member]:
    """The members by name; raises FileFormatError for anything but a plain archive without a gap."""
    if not data.startswith(LOCAL_MARK):
        raise FileFormatError(_not_an_archive(data))
    start, stop, count = _end_record(data)
    members: dict[str, Member] = {}
    places: list[tuple[int, int]] = []
    position = start
    for _ in range(count):
        header, name, position = _central_header(data, position, stop)
        member, end = _member(data, header, name)
        if member.name in members:
            raise FileFormatError(f"member {member.name} occurs twice")
        members[member.name] = member
        places.append((header.offset, end))
    _refuse_gaps(places, start)
    if position != stop:
        raise FileFormatError(DAMAGED)
    return members


def _not_an_archive(data: bytes | bytearray) -> str:
    if not data:
        return "the file is empty"
    return f"expected an .npz archive, found a file that begins with {bytes(data[:8])!r}"


def _end_record(data: bytes | bytearray) -> tuple[int, int, int]:
    """Where the directory starts and stops, and how many members it lists."""
    stop = len(data) - END.size
    if stop < 0:
        raise FileFormatError(DAMAGED)
    mark, disk, first_disk, here, count, size, start, comment = END.unpack_from(data, stop)
    if mark != END_MARK or disk or first_disk or here != count or comment or start + size != stop:
        raise FileFormatError(DAMAGED)
    if count > MAX_MEMBERS:
        raise FileFormatError(f"the archive has {count} members, more than the {MAX_MEMBERS} allowed")
    return start, stop, count


def _central_header(data: bytes | bytearray, position: int, stop: int) -> tuple[_CentralHeader, bytes, int]:
    if position + CENTRAL.size > stop:
        raise FileFormatError(DAMAGED)
    header = _CentralHeader(*CENTRAL.unpack_from(data, position))
    name_end = position + CENTRAL.size + header.name_length
    end = name_end + header.extra_length
    if header.mark != CENTRAL_MARK or header.comment_length or header.disk or end > stop:
        raise FileFormatError(DAMAGED)
    return header, bytes(data[name_end - header.name_length : name_end]), end


def _member(data: bytes | bytearray, header: _CentralHeader, name: bytes) -> tuple[Member, int]:
    """The member that a directory entry points to, and where it ends; both headers must agree."""
    if header.flags & ENCRYPTED:
        raise FileFormatError("the archive is encrypted")
    if header.offset + LOCAL.size > len(data):
        raise FileFormatError(DAMAGED)
    local = _LocalHeader(*LOCAL.unpack_from(data, header.offset))
    start = header.offset + LOCAL.size + local.name_length
    found = data[start - local.name_length : start]
    start += local.extra_length
    end = start + header.stored
    agreed = local.mark == LOCAL_MARK and found == name and end <= len(data)
    agreed &= (local.flags, local.method, local.crc) == (header.flags, header.method, header.crc)
    agreed &= {local.stored, local.size} <= {header.stored, header.size, IN_EXTRA_FIELD}
    if not agreed or header.flags & ~UTF8_NAME:
        raise FileFormatError(DAMAGED)
    text = name.decode("utf-8", "backslashreplace")
    content = memoryview(data)[start:end]
    return Member(text, header.method, content, header.size, header.crc), end


def _refuse_gaps(places: list[tuple[int, int]], directory_start: int) -> None:
    position = 0
    for start, end in sorted(places):
        if start != position:
            raise FileFormatError(DAMAGED)
        position = end
    if position != directory_start:
        raise FileFormatError(DAMAGED)

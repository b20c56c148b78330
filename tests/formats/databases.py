"""Databases of the shape that programs give them: every table with every column, by version.

The names of columns are those of the programs' own schemas; rows are invented.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Tables = Mapping[str, str]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

MIXXX_1 = {
    "settings": "name value locked hidden",
    "track_locations": "id location filename directory filesize fs_deleted needs_verification",
    "LibraryHashes": "directory_path hash directory_deleted",
    "library": "id artist title album year genre tracknumber location comment url duration bitrate"
    " samplerate cuepoint bpm wavesummaryhex channels datetime_added mixxx_deleted played",
    "Playlists": "id name position hidden date_created date_modified",
    "PlaylistTracks": "id playlist_id track_id position",
    "cues": "id track_id type position length hotcue label",
    "crates": "id name count show",
    "crate_tracks": "crate_id track_id",
}
"""Mixxx's first revision: a track's location is the path itself."""

MIXXX_41 = {
    **MIXXX_1,
    "track_locations": MIXXX_1["track_locations"]
    + " track_id offset_samples quality_indicator fingerprint_hash",
    "library": MIXXX_1["library"] + " header_parsed filetype replaygain timesplayed rating key"
    " beats beats_version composer bpm_lock beats_sub_version keys keys_version keys_sub_version"
    " key_id grouping album_artist coverart_source coverart_type coverart_location coverart_hash"
    " replaygain_peak tracktotal color coverart_color coverart_digest last_played_at"
    " source_synchronized_ms tuning_frequency_hz",
    "Playlists": MIXXX_1["Playlists"] + " locked",
    "PlaylistTracks": MIXXX_1["PlaylistTracks"] + " pl_datetime_added",
    "crates": MIXXX_1["crates"] + " locked autodj_source",
    "itunes_library": "id artist title album year genre tracknumber location comment duration",
    "itunes_playlists": "id name",
    "traktor_library": "id artist title album year genre location comment duration bpm key rating",
    "traktor_playlists": "id name",
    "track_analysis": "id track_id type description version created data_checksum",
    "directories": "directory",
}

_ENGINE_TRACK = (
    "id playOrder length bpm year path filename bitrate bpmAnalyzed albumArtId fileBytes title"
    " artist album genre comment label composer remixer key rating albumArt timeLastPlayed isPlayed"
    " fileType isAnalyzed dateCreated dateAdded isAvailable isMetadataOfPackedTrackChanged"
    " isPerfomanceDataOfPackedTrackChanged playedIndicator isMetadataImported pdbImportKey"
    " streamingSource uri isBeatGridLocked originDatabaseUuid originTrackId streamingFlags"
    " explicitLyrics"
)
_ENGINE_INFORMATION = (
    "id uuid schemaVersionMajor schemaVersionMinor schemaVersionPatch currentPlayedIndiciator"
    " lastRekordBoxLibraryImportReadCounter"
)
ENGINE_2_18 = {
    "Information": _ENGINE_INFORMATION,
    "Track": _ENGINE_TRACK
    + " trackData overviewWaveFormData beatData quickCues loops thirdPartySourceId",
    "AlbumArt": "id hash albumArt",
    "ChangeLog": "id trackId",
    "Pack": "id packId changeLogDatabaseUuid changeLogId",
    "Playlist": "id title parentListId isPersisted nextListId lastEditTime isExplicitlyExported",
    "PlaylistEntity": "id listId trackId databaseUuid nextEntityId membershipReference",
    "PreparelistEntity": "id trackId trackNumber",
}
ENGINE_3_0 = {
    **ENGINE_2_18,
    "Track": _ENGINE_TRACK + " lastEditTime albumArtSourceHash",
    "PerformanceData": "trackId trackData overviewWaveFormData beatData quickCues loops",
    "Smartlist": "listUuid title parentPlaylistPath nextPlaylistPath nextListUuid rules"
    " lastEditTime",
}

_PRIME_TRACK = (
    "id playOrder length lengthCalculated bpm year path filename bitrate bpmAnalyzed trackType"
    " isExternalTrack uuidOfExternalDatabase idTrackInExternalDatabase idAlbumArt pdbImportKey"
)
PRIME_1_7 = {
    "Information": _ENGINE_INFORMATION,
    "Track": _PRIME_TRACK,
    "MetaData": "id type text",
    "MetaDataInteger": "id type value",
    "Playlist": "id title",
    "PlaylistTrackList": "playlistId trackId trackIdInOriginDatabase databaseUuid trackNumber",
    "Preparelist": "id title",
    "PreparelistTrackList": "playlistId trackId trackIdInOriginDatabase databaseUuid trackNumber",
    "Historylist": "id title",
    "HistorylistTrackList": "historylistId trackId trackIdInOriginDatabase databaseUuid date",
    "Crate": "id title path",
    "CrateParentList": "crateOriginId crateParentId",
    "CrateTrackList": "crateId trackId",
    "CrateHierarchy": "crateId crateIdChild",
    "AlbumArt": "id hash albumArt",
    "CopiedTrack": "trackId uuidOfSourceDatabase idOfTrackInSourceDatabase",
}
PRIME_1_18 = {
    **{name: PRIME_1_7[name] for name in ("Information", "MetaData", "MetaDataInteger")},
    "Track": _PRIME_TRACK + " fileBytes uri isBeatGridLocked",
    "List": "id type title path isFolder trackCount ordering isExplicitlyExported",
    "ListTrackList": "id listId listType trackId trackIdInOriginDatabase databaseUuid trackNumber",
    "ListHierarchy": "listId listType listIdChild listTypeChild",
    "ListParentList": "listOriginId listOriginType listParentId listParentType",
    "AlbumArt": "id hash albumArt",
    "CopiedTrack": "trackId uuidOfSourceDatabase idOfTrackInSourceDatabase",
    "ChangeLog": "id itemId",
    "Pack": "id packId changeLogDatabaseUuid changeLogId",
}
PRIME_VIEWS = {
    "Playlist": "SELECT id, title FROM List WHERE type = 1",
    "Historylist": "SELECT id, title FROM List WHERE type = 2",
    "Crate": "SELECT id, title, path FROM List WHERE type = 4",
    "CrateTrackList": "SELECT listId AS crateId, trackId FROM ListTrackList WHERE listType = 4",
}
"""What were tables in the first versions."""

_SERATO_ASSET = (
    "portable_id file_name file_size file_bit_rate file_sample_rate type format artist color"
    " comments comment_language comment_descriptor grouping remixer name album composer year genre"
    " key label rating emoji bpm length_sec length_ms time_added time_modified part_of_set"
    " track_number video_portable_id is_corrupt corrupt_description is_missing is_readonly"
    " is_beatgrid_locked third_party_type is_stale is_whitelabel is_karaoke dj_play_count"
    " dj_recently_played analysis_flags architectures stems_analyze_state type_specific_data"
)
SERATO_ROOT = {
    "serato": "database_name time_created time_last_connected last_master_uuid revision",
    "master": "uuid revision last_sync_time last_sync_secret",
    "space": "id name revision",
    "container": "id revision parent_id name type list_order space_id time_added expanded"
    " portable_id color",
    "asset": f"id revision {_SERATO_ASSET}",
    "space_asset": "id asset_id space_id",
    "container_asset": "id revision container_id space_asset_id list_order time_added",
    "smart_crate_rules": "container_id revision version rules needs_refresh",
    "dbv2_status": "last_import_revision last_import_time last_export_revision last_export_time",
}
SERATO_MASTER = {
    "serato": "database_name time_created time_last_connected last_host_id",
    "space": "id name",
    "location": "id path uuid revision show_when_disconnected last_sync_time last_sync_secret",
    "container": "id parent_id name type list_order space_id time_added expanded portable_id color",
    "location_container": "id container_id location_id external_container_id",
    "asset": f"id external_id location_id {_SERATO_ASSET} key_value",
    "space_asset": "id asset_id space_id",
    "container_asset": "id asset_id location_container_id space_asset_id"
    " external_container_asset_id list_order time_added",
    "smart_crate_rules": "container_id version rules",
    "connection": "location_id database_uri",
    "history_session": "id start_time end_time notes",
    "history_entry": "id location_id portable_id session_id asset_id start_time played deck",
}


def database(
    file: Path, tables: Tables, rows: Rows, views: Mapping[str, str] | None = None
) -> Path:
    """A database with these tables, views and rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as db:
        for table, columns in tables.items():
            db.execute(f'CREATE TABLE "{table}" ({", ".join(map(quoted, columns.split()))})')
        for view, query in (views or {}).items():
            db.execute(f'CREATE VIEW "{view}" AS {query}')
        for table, entries in rows.items():
            for row in entries:
                names, marks = ", ".join(map(quoted, row)), ", ".join("?" * len(row))
                db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [*row.values()])
    db.close()
    return file


def quoted(name: str) -> str:
    return f'"{name}"'


def entries(names: str, *values: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows with values in the order of the names."""
    return [dict(zip(names.split(), row, strict=True)) for row in values]

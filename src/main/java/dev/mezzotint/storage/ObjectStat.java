package dev.mezzotint.storage;

import java.time.Instant;

/** Size in bytes, ETag (without quotes) and time of the last write of an object. */
public record ObjectStat(long size, String etag, Instant modified) {}

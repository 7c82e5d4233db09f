package dev.mezzotint.storage;

/** Size in bytes and version mark (without quotes) of an object. */
public record ObjectStat(long size, String etag) {}

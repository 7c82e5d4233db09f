package dev.mezzotint.storage;

/**
 * Content of a small object.
 *
 * @param bytes owned by the receiver
 * @param etag without quotes
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record StoredObject(byte[] bytes, String etag) {}

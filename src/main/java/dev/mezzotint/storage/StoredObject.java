package dev.mezzotint.storage;

/**
 * Content and entity tag of an object that was read into memory.
 *
 * @param bytes owned by the receiver
 * @param etag without quotes
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record StoredObject(byte[] bytes, String etag) {}

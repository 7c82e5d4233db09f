package dev.mezzotint.storage;

/**
 * A small object as read.
 *
 * @param bytes the content, owned by the receiver
 * @param etag the store's version mark, without quotes
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record StoredObject(byte[] bytes, String etag) {}

/**
 * JSON: {@link dev.mezzotint.json.JsonObject} reads input of users field by field and refuses,
 * naming the field, whatever is missing, of the wrong type, out of range or unknown; {@link
 * dev.mezzotint.json.JsonDocument} maps this project's own documents to records. Only this package
 * uses Jackson; records elsewhere carry its annotations.
 */
@NullMarked
package dev.mezzotint.json;

import org.jspecify.annotations.NullMarked;

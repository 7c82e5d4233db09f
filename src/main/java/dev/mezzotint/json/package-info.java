/**
 * Strict JSON: reads an object field by field and refuses, with the field's name, what is missing,
 * of the wrong type, out of range or unknown. Lowest of the packages that know a library: Jackson
 * stays inside. Imports {@code java.*} and Jackson only.
 */
@NullMarked
package dev.mezzotint.json;

import org.jspecify.annotations.NullMarked;

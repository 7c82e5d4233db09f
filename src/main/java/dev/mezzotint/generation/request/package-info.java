/** Generation requests as they are sent: fields, defaults, limits and validation. */
@NullMarked
package dev.mezzotint.generation.request;

import org.jspecify.annotations.NullMarked;

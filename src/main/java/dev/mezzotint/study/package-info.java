/**
 * Studies of the method: each measures one claim against a known truth, and says what it found as a
 * table and a picture. The command {@code study} runs them; tests hold their outcomes.
 */
@NullMarked
package dev.mezzotint.study;

import org.jspecify.annotations.NullMarked;

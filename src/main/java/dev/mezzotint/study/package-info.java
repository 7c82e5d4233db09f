/**
 * Studies of the method: each measures one claim against a known truth and reports a table and
 * plots. The command {@code study} runs them; tests check their results.
 */
@NullMarked
package dev.mezzotint.study;

import org.jspecify.annotations.NullMarked;

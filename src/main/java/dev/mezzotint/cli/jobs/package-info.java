/** Commands that talk to a running system: submit, watch, cancel, pause, resume, replay, list. */
@NullMarked
package dev.mezzotint.cli.jobs;

import org.jspecify.annotations.NullMarked;

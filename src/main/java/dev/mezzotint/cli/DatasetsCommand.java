package dev.mezzotint.cli;

import picocli.CommandLine.Command;

/** {@code datasets}: what there is to train on. */
@Command(
    name = "datasets",
    description = "Look at what there is to train on.",
    synopsisSubcommandLabel = "WHAT")
public final class DatasetsCommand {}

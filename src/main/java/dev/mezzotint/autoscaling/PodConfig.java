package dev.mezzotint.autoscaling;

import java.net.URI;
import java.nio.file.Path;

/**
 * The pod that this process runs in, for {@link PodDeletionCostUpdater}.
 *
 * @param name {@code mezzotint.pod}
 * @param server {@code mezzotint.kubernetes}: URL of the cluster's API
 * @param account {@code mezzotint.service-account}: folder with {@code token}, {@code namespace}
 *     and {@code ca.crt}, as Kubernetes mounts it
 */
public record PodConfig(String name, URI server, Path account) {}

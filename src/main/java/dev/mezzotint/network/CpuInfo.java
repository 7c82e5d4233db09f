package dev.mezzotint.network;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Processor and memory of this machine. */
public final class CpuInfo {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private CpuInfo() {}

  /** The processor's model name, or the architecture if unknown. */
  public static String name() {
    return cpuInfoField("model name").orElse(System.getProperty("os.arch"));
  }

  public static boolean hasAvx512() {
    return cpuInfoField("flags")
        .map(flags -> List.of(flags.split(" ")).contains("avx512f"))
        .orElse(false);
  }

  /** The value of this field for the first processor in /proc/cpuinfo. */
  private static Optional<String> cpuInfoField(String name) {
    if (!Files.isReadable(CPU_INFO)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Memory of the container, or of the machine outside a container. */
  public static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  /** As {@link #memoryBytes}; the file cache counts as used. */
  public static long memoryUsedBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() - system.getFreeMemorySize()
        : Runtime.getRuntime().totalMemory();
  }
}

package dev.mezzotint.generation.input;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The frames of a job: one for each condition, in the order and with the names of the conditions.
 *
 * @param frames at least one
 * @param variations images of each frame
 * @param shared whether all frames of a variation start from the same x0
 */
public record Frames(List<Frame> frames, int variations, boolean shared) {
  /** File systems allow 255 bytes, and an extension is appended. */
  static final int NAME_BYTES_MAX = 240;

  /**
   * One condition.
   *
   * @param input its file's name, fit for messages
   * @param name of the frame's own files, without extension
   * @param positions of its file in the source of each part; -1 for a part that is left out
   * @param fault why it cannot be generated, if that is known before its files are read
   */
  public record Frame(String input, String name, List<Integer> positions, Optional<String> fault) {}

  public Frames {
    frames = List.copyOf(frames);
  }

  /** Number of images of all frames together. */
  public int count() {
    return frames.size() * variations;
  }

  public Frame frame(int index) {
    return frames.get(index / variations);
  }

  /** Index of an image within its seed's stream; shared noise has one for each variation. */
  public int noiseIndex(int index) {
    return shared ? index % variations : index;
  }

  /** Name of an image, without extension. */
  public String name(int index) {
    String name = frame(index).name();
    return variations == 1 ? name : name + "-" + (index % variations + 1);
  }

  /**
   * Matches the files of the parts: by name, or by position where all are lists.
   *
   * @param parts of the condition, at least one of which has files
   * @throws InvalidInputException if lists are mixed with prefixes or zips
   */
  public static Frames of(List<Part> parts, int variations, boolean shared) {
    int lead = lead(parts);
    List<String> names = parts.get(lead).names();
    List<Map<String, Integer>> places =
        parts.stream().map(part -> positionsByStem(part.names())).toList();
    Set<String> taken = new HashSet<>();
    List<Frame> frames = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = stem(names.get(i));
      List<Integer> positions = new ArrayList<>();
      Optional<String> fault = unfit(names.get(i));
      if (fault.isEmpty() && !taken.add(name)) {
        fault = Optional.of("another file before it has the same name except for the extension");
      }
      for (int p = 0; p < parts.size(); p++) {
        Optional<Integer> position =
            p == lead ? Optional.of(i) : parts.get(p).position(i, name, places.get(p));
        positions.add(position.orElse(-1));
        if (position.isEmpty() && fault.isEmpty()) {
          fault = Optional.of("there is no file of this name for " + parts.get(p).name());
        }
      }
      String shown = JsonObject.quote(names.get(i));
      frames.add(
          new Frame(
              fault.isEmpty() ? names.get(i) : shown.substring(1, shown.length() - 1),
              name,
              positions,
              fault));
    }
    return new Frames(frames, variations, shared);
  }

  /**
   * The files of one part of the condition.
   *
   * @param name for messages
   * @param names empty for a part that is left out
   * @param shared its only file serves all frames
   * @param listed files belong to frames by position, not by name
   */
  public record Part(String name, List<String> names, boolean shared, boolean listed) {

    private Optional<Integer> position(int place, String stem, Map<String, Integer> places) {
      if (names.isEmpty()) {
        return Optional.of(-1);
      }
      if (shared) {
        return Optional.of(0);
      }
      return listed ? Optional.of(place) : Optional.ofNullable(places.get(stem));
    }
  }

  /** The part that determines the number and names of the frames. */
  private static int lead(List<Part> parts) {
    int lead = -1;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (!part.names().isEmpty() && (lead < 0 || parts.get(lead).shared()) && !part.shared()) {
        lead = i;
      } else if (lead < 0 && !part.names().isEmpty()) {
        lead = i;
      }
    }
    boolean listed = lead >= 0 && parts.get(lead).listed();
    for (Part part : parts) {
      if (!part.shared() && !part.names().isEmpty() && part.listed() != listed) {
        throw new InvalidInputException(
            "condition.parts",
            "condition.parts must be all lists, or all prefixes and zips: "
                + "lists are matched by position, the others by name");
      }
    }
    return lead;
  }

  /** Positions by name without extension. */
  public static Map<String, Integer> positionsByStem(List<String> names) {
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      places.putIfAbsent(stem(names.get(i)), i);
    }
    return places;
  }

  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    return dot > name.lastIndexOf('/') + 1 ? name.substring(0, dot) : name;
  }

  /** Why a file's name cannot name an image in the bucket; empty if it can. */
  private static Optional<String> unfit(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
      return Optional.of("the name has more than " + NAME_BYTES_MAX + " bytes");
    }
    boolean odd =
        name.startsWith("/")
            || name.indexOf('\\') >= 0
            || name.indexOf(':') >= 0
            || name.indexOf('\uFFFD') >= 0
            || name.chars().anyMatch(Character::isISOControl);
    String[] parts = name.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      odd |= parts[i].isEmpty() || parts[i].equals(".") || parts[i].equals("..");
      // A store on a file system cannot have a folder with the name of an image.
      odd |= i < parts.length - 1 && parts[i].toLowerCase(Locale.ROOT).endsWith(".png");
    }
    return odd
        ? Optional.of("the name must be a relative path without '..', '\\', ':' or empty parts")
        : Optional.empty();
  }
}

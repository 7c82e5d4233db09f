package dev.mezzotint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A diagram of packages in layers, read from a page, and what of it is not so.
 *
 * <p>An arrow joins packages or layers. It says that imports go this way; they may go along several
 * arrows at once, but within a layer along one only.
 */
final class PackageDiagram {
  private static final String MARK = "<!-- diagram: packages -->";

  /** Package → its layer. */
  private final Map<String, String> layers = new LinkedHashMap<>();

  private final List<Arrow> arrows = new ArrayList<>();

  private record Arrow(String from, String to) {
    @Override
    public String toString() {
      return from + " --> " + to;
    }
  }

  private PackageDiagram() {}

  /** Reads the words of Mermaid that such a diagram is made of; others are refused. */
  static PackageDiagram read(String page) {
    PackageDiagram diagram = new PackageDiagram();
    int mark = page.indexOf(MARK);
    if (mark < 0) {
      throw new AssertionError("no diagram of packages on this page");
    }
    String block = page.substring(mark).split("```", -1)[1];
    String layer = "";
    for (String line : block.lines().map(String::strip).filter(text -> !text.isEmpty()).toList()) {
      if (line.startsWith("subgraph ")) {
        layer = line.split(" ", -1)[1];
      } else if (line.equals("end")) {
        layer = "";
      } else if (line.contains(" --> ")) {
        String[] ends = line.split(" --> ", -1);
        diagram.arrows.add(new Arrow(ends[0], ends[1]));
      } else if (!layer.isEmpty() && line.matches("[a-z0-9]+")) {
        diagram.layers.put(line, layer);
      } else if (!line.matches("mermaid|(flowchart|direction) TB")) {
        throw new AssertionError("not understood in the diagram: " + line);
      }
    }
    return diagram;
  }

  /**
   * What of it is not so.
   *
   * @param imports of each package, itself not among them
   */
  List<String> faults(Map<String, Set<String>> imports) {
    List<String> faults = new ArrayList<>();
    imports.keySet().stream()
        .filter(name -> !layers.containsKey(name))
        .forEach(name -> faults.add(name + " is not drawn"));
    layers.keySet().stream()
        .filter(name -> !imports.containsKey(name))
        .forEach(name -> faults.add(name + " is no package"));
    Set<Arrow> used = new LinkedHashSet<>();
    imports.forEach(
        (from, all) -> {
          for (String to : all) {
            boolean known = layers.containsKey(from) && layers.containsKey(to);
            if (known && !drawn(from, to)) {
              faults.add(from + " imports " + to + ", which is not drawn");
            }
            arrows.stream().filter(arrow -> stands(arrow, from, to)).forEach(used::add);
          }
        });
    arrows.stream()
        .filter(arrow -> !used.contains(arrow))
        .forEach(arrow -> faults.add(arrow + ", and nothing is imported this way"));
    for (String layer : new TreeSet<>(layers.values())) {
      if (reached(layer, /* first= */ true).contains(layer)) {
        faults.add(layer + " --> … --> " + layer + ": arrows go in a circle");
      }
    }
    return faults;
  }

  /** Whether such an import is one that the arrow stands for by itself. */
  private boolean stands(Arrow arrow, String from, String to) {
    return (arrow.from.equals(from) || arrow.from.equals(layers.get(from)))
        && (arrow.to.equals(to) || arrow.to.equals(layers.get(to)));
  }

  private boolean drawn(String from, String to) {
    if (String.valueOf(layers.get(from)).equals(layers.get(to))) {
      return arrows.contains(new Arrow(from, to));
    }
    Set<String> reached = reached(from, /* first= */ false);
    return reached.contains(to) || reached.contains(layers.get(to));
  }

  /**
   * All that arrows lead to, each package's layer with it.
   *
   * @param first whether only arrows out of this very box begin the way
   */
  private Set<String> reached(String from, boolean first) {
    Set<String> reached = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(from));
    if (!first) {
      open.add(String.valueOf(layers.get(from)));
    }
    while (!open.isEmpty()) {
      String box = open.remove();
      for (Arrow arrow : arrows) {
        if (arrow.from.equals(box) && reached.add(arrow.to)) {
          open.add(arrow.to);
          String layer = layers.get(arrow.to);
          boolean inside = layer != null && layer.equals(layers.get(arrow.from));
          if (layer != null && !inside && reached.add(layer)) {
            open.add(layer);
          }
        }
      }
    }
    return reached;
  }
}

package dev.mezzotint.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The workers of a site: some at work, some standing by, each with taps of its own on its ways to
 * broker and store. Used by one thread, but workers may be killed from any.
 */
final class Crew implements AutoCloseable {

  /** A place for one worker at a time. */
  record Place(StoreTap store, BrokerTap broker) {}

  /** One worker process. */
  final class Member {
    private final String name;
    private final Place place;
    private final ChildJvm jvm;

    private Member(String name, Place place, ChildJvm jvm) {
      this.name = name;
      this.place = place;
      this.jvm = jvm;
    }

    String name() {
      return name;
    }

    ChildJvm jvm() {
      return jvm;
    }

    StoreTap store() {
      return place.store();
    }

    BrokerTap broker() {
      return place.broker();
    }

    void breaks(StoreFault how) {
      place.store().breaks(how);
    }

    void breaks(BrokerTap.Fault how) {
      place.broker().breaks(how);
    }
  }

  private final Map<String, String> environment;
  private final String bucket;
  private final Path logs;
  private final Deque<Place> free = new ArrayDeque<>();
  private final Deque<Member> standby = new ArrayDeque<>();
  private final List<Member> working = new ArrayList<>();
  private int started;

  Crew(Map<String, String> environment, String bucket, Path logs, List<Place> places) {
    this.environment = Map.copyOf(environment);
    this.bucket = bucket;
    this.logs = logs;
    this.free.addAll(places);
  }

  /** Starts so many JVMs beforehand, unless they stand by already. Returns at once. */
  void prepare(int count) {
    reap();
    while (standby.size() < count && !free.isEmpty()) {
      standby.add(launch());
    }
  }

  private Member launch() {
    Place place = free.removeFirst();
    String name = "w" + ++started;
    place.store().serve(name);
    place.broker().reset();
    Map<String, String> own = new LinkedHashMap<>(environment);
    own.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + place.broker().port());
    own.put("S3_ENDPOINT", "http://127.0.0.1:" + place.store().port());
    own.put("S3_BUCKET", bucket);
    own.put("MEZZOTINT_WORKER", name);
    try {
      return new Member(
          name,
          place,
          ChildJvm.start(
              logs.resolve(name + ".log"), own, 0, List.of("dev.mezzotint.worker.FaultWorker")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a worker to work with these settings; returns once it takes requests. */
  Member begin(String... settings) {
    return begin(StoreFault.NONE, BrokerTap.Fault.NONE, settings);
  }

  /** As {@link #begin(String...)}, with its ways broken from the beginning. */
  Member begin(StoreFault storeFault, BrokerTap.Fault brokerFault, String... settings) {
    prepare(1);
    Member member = standby.removeFirst();
    member.jvm().await("standby");
    member.breaks(storeFault);
    member.breaks(brokerFault);
    member.jvm().send(("go " + String.join(" ", settings)).strip());
    member.jvm().await("ready");
    working.add(member);
    return member;
  }

  /** Exactly so many at work with the usual settings and no faults; the longest at work first. */
  List<Member> atWork(int count) {
    reap();
    while (working.size() > count) {
      Member surplus = working.get(working.size() - 1);
      surplus.jvm().terminate(30);
      reap();
    }
    prepare(Math.max(0, count - working.size()));
    while (working.size() < count) {
      begin();
    }
    working.forEach(
        member -> {
          member.breaks(StoreFault.NONE);
          member.breaks(BrokerTap.Fault.NONE);
        });
    return List.copyOf(working);
  }

  /** Sends all that work away. */
  void dismiss() {
    reap();
    working.forEach(member -> member.jvm().signal("TERM"));
    for (Member member : working) {
      if (!member.jvm().join(30)) {
        member.jvm().kill();
      }
    }
    reap();
  }

  Member named(String name) {
    return working.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
  }

  List<Member> working() {
    reap();
    return List.copyOf(working);
  }

  private void reap() {
    for (Member member : List.copyOf(working)) {
      if (!member.jvm().alive()) {
        working.remove(member);
        free.add(member.place);
      }
    }
  }

  @Override
  public void close() {
    working.forEach(member -> member.jvm().kill());
    standby.forEach(member -> member.jvm().kill());
  }
}

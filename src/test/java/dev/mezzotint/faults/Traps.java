package dev.mezzotint.faults;

import dev.mezzotint.faults.Crew.Member;
import dev.mezzotint.faults.Matrix.Batch;
import dev.mezzotint.faults.StoreFault.Pass;
import dev.mezzotint.faults.StoreFault.Prevent;
import dev.mezzotint.faults.StoreFault.Withhold;

/** Points at which a worker is killed, recognized by its requests to broker and store. */
final class Traps {

  /** Arms a worker so that this happens once it is where it shall die. */
  interface Trap {
    void arm(Member member, Batch batch, Runnable kill);
  }

  static void beforeStart(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call -> batch.concerns(call) && call.puts("/job.json") ? new Prevent(kill) : new Pass());
  }

  static void midStep(Member member, Batch batch, Runnable kill) {
    member.breaks(onRequest(batch, "/progressed/", kill));
  }

  static void afterImages(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call ->
            batch.concerns(call) && call.puts("/manifest.json") ? new Prevent(kill) : new Pass());
  }

  static void afterManifest(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call ->
            batch.concerns(call) && call.puts("/manifest.json") ? new Withhold(kill) : new Pass());
  }

  static void afterEvent(Member member, Batch batch, Runnable kill) {
    member.breaks(onAnswer(batch, "/completed/", kill));
  }

  static BrokerTap.Fault onRequest(Batch batch, String text, Runnable then) {
    return new BrokerTap.Fault() {
      @Override
      public boolean passes(BrokerTap.Request request) {
        return !produces(request, batch, text) || run(then);
      }
    };
  }

  static BrokerTap.Fault onAnswer(Batch batch, String text, Runnable then) {
    return new BrokerTap.Fault() {
      @Override
      public boolean passesAnswer(BrokerTap.Request request) {
        return !produces(request, batch, text) || run(then);
      }
    };
  }

  private static boolean run(Runnable then) {
    then.run();
    return false;
  }

  static boolean produces(BrokerTap.Request request, Batch batch, String text) {
    return request.api() == BrokerTap.PRODUCE
        && request.holds(batch.prefix())
        && request.holds(text);
  }

  private Traps() {}
}

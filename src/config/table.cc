// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

#include <array>
#include <cstddef>

namespace firn::config {

namespace {

using sched::FailureClass;

/// The place is a function without captures; its result says which type it has.
template <class F>
consteval Place at(F f) {
  return Place(+f);
}

template <FailureClass Class>
consteval Place tries() {
  return at(
      [](Settings& s) -> auto& { return s.scheduling.tries.at(static_cast<std::size_t>(Class)); });
}

constexpr std::uint32_t kMostTries = sched::kOneOnEachMachine - 1;

constexpr auto kSections = std::to_array<Section>({
    {.name = "evaluation", .help = "Nix evaluates what is to be built."},
    {.name = "ssh", .help = "Connections to machines; ssh counts in whole seconds."},
    {.name = "phases",
     .help = "What one try of a step may take. A stall is time in which no byte moves."},
    {.name = "logs", .help = "A build's log; its middle is left out where it is longer than both."},
    {.name = "sessions", .help = "Sessions on machines are kept for the next step."},
    {.name = "store", .help = "The store of this machine."},
    {.name = "signing", .help = "For ssh-ng machines that do not trust the login there."},
    {.name = "retries", .help = "The next try of a step that no other machine can take over."},
    {.name = "tries",
     .help = "How often a step is tried in all; see docs/failure-classes.md for the classes."},
    {.name = "machines", .help = "When a machine is left out for a while."},
});

constexpr auto kRows = std::to_array<Row>({
    {.key = "evaluation.stall",
     .help = "an evaluation that prints nothing for so long is given up",
     .place = at([](Settings& s) -> auto& { return s.evaluation_stall; })},

    {.key = "ssh.connecting",
     .help = "the connection and sshd's greeting (ConnectTimeout)",
     .place = at([](Settings& s) -> auto& { return s.ssh.connecting; })},
    {.key = "ssh.keepalive-interval",
     .help = "a machine that is silent for so long is asked for a sign of life",
     .place = at([](Settings& s) -> auto& { return s.ssh.keepalive_interval; })},
    {.key = "ssh.keepalive-count",
     .help = "so many questions without an answer, and the machine is lost",
     .place = at([](Settings& s) -> auto& { return s.ssh.keepalive_count; })},

    {.key = "phases.connecting",
     .help = "a session from nothing: ssh, the login shell, the greeting, its turn among others",
     .place = at([](Settings& s) -> auto& { return s.attempt.connecting; })},
    {.key = "phases.greeting",
     .help = "of this, from the start of the session to the server's greeting",
     .place = at([](Settings& s) -> auto& { return s.sessions.greeting; })},
    {.key = "phases.query-stall",
     .help = "a question about paths",
     .place = at([](Settings& s) -> auto& { return s.attempt.query_stall; })},
    {.key = "phases.garbage-collection",
     .help = "the same while an old server says that it waits for its garbage collector",
     .place = at([](Settings& s) -> auto& { return s.attempt.garbage_collection; })},
    {.key = "phases.sending-stall", .help = "sending inputs", .place = at([](Settings& s) -> auto& {
                                                                return s.attempt.sending_stall;
                                                              })},
    {.key = "phases.import-answer",
     .help = "the same, once the machine has all of a path and registers it, should that be more",
     .place = at([](Settings& s) -> auto& { return s.sessions.import_answer.base; })},
    {.key = "phases.import-rate",
     .help = "and one second more for so many bytes of the path",
     .place = at([](Settings& s) -> auto& { return s.sessions.import_answer.rate; })},
    {.key = "phases.shared-input",
     .help = "waiting for an input that another step sends to the same machine",
     .place = at([](Settings& s) -> auto& { return s.attempt.shared_input; })},
    {.key = "phases.substitution",
     .help = "an ssh-ng machine fetches inputs from its own substituters, in silence",
     .place = at([](Settings& s) -> auto& { return s.attempt.substitution; })},
    {.key = "phases.build-grace",
     .help = "what a machine gets beyond a build's own limits to enforce them itself",
     .place = at([](Settings& s) -> auto& { return s.attempt.build_grace.base; })},
    {.key = "phases.build-grace-rate",
     .help = "and one second more for so many bytes of the build's inputs",
     .place = at([](Settings& s) -> auto& { return s.attempt.build_grace.rate; })},
    {.key = "phases.build-ceiling",
     .help = "a build without limits of its own, and silence in one",
     .place = at([](Settings& s) -> auto& { return s.attempt.build_ceiling; })},
    {.key = "phases.log-end",
     .help = "the end of a failed build's log, after the verdict",
     .place = at([](Settings& s) -> auto& { return s.attempt.log_end; })},
    {.key = "phases.transfer-slot",
     .help = "a finished build waits behind others that bring their outputs back",
     .place = at([](Settings& s) -> auto& { return s.attempt.transfer_slot; })},
    {.key = "phases.receiving-stall",
     .help = "receiving outputs",
     .place = at([](Settings& s) -> auto& { return s.attempt.receiving_stall; })},

    {.key = "logs.head",
     .help = "the first bytes, kept whole",
     .place = at([](Settings& s) -> auto& { return s.logs.head; })},
    {.key = "logs.tail",
     .help = "the last bytes, kept whole",
     .place = at([](Settings& s) -> auto& { return s.logs.tail; })},
    {.key = "logs.ceiling",
     .help = "a build that prints more is stopped, and has failed",
     .place = at([](Settings& s) -> auto& { return s.logs.ceiling; })},

    {.key = "sessions.age",
     .help = "how long a session is used",
     .place = at([](Settings& s) -> auto& { return s.sessions.age; })},
    {.key = "sessions.steps", .help = "for how many steps", .place = at([](Settings& s) -> auto& {
                                                              return s.sessions.uses;
                                                            })},
    {.key = "sessions.idle",
     .help = "how long it waits for the next one",
     .place = at([](Settings& s) -> auto& { return s.sessions.idle; })},

    {.key = "store.connecting",
     .help = "a connection to its daemon",
     .place = at([](Settings& s) -> auto& { return s.store.connecting; })},
    {.key = "store.query-stall",
     .help = "a question; a daemon that collects garbage lets us wait",
     .place = at([](Settings& s) -> auto& { return s.store.query_stall; })},
    {.key = "store.substituting",
     .help = "fetching from substituters, which may be silent for long",
     .place = at([](Settings& s) -> auto& { return s.store.substituting; })},
    {.key = "store.adding-stall", .help = "adding an output", .place = at([](Settings& s) -> auto& {
                                                                return s.store.adding_stall;
                                                              })},
    {.key = "store.adding-answer",
     .help = "the same while it registers one, should that be more: publishing",
     .place = at([](Settings& s) -> auto& { return s.store.adding_answer.base; })},
    {.key = "store.adding-rate",
     .help = "and one second more for so many bytes of the output",
     .place = at([](Settings& s) -> auto& { return s.store.adding_answer.rate; })},
    {.key = "store.turn",
     .help = "waiting behind others that ask or add",
     .place = at([](Settings& s) -> auto& { return s.store.turn; })},

    {.key = "store.outage",
     .help = "a run waits so long for a store that does not answer, then it is broken off",
     .place = at([](Settings& s) -> auto& { return s.attempt.destination_outage; })},

    {.key = "signing.secret-key-files",
     .help = "files with keys that sign inputs which such a machine is sent, with blanks between",
     .place = at([](Settings& s) -> auto& { return s.secret_key_files; })},

    {.key = "retries.first-wait",
     .help = "before the first of these tries",
     .place = at([](Settings& s) -> auto& { return s.scheduling.step_back_off.first; })},
    {.key = "retries.factor",
     .help = "each wait is so many times the one before",
     .place = at([](Settings& s) -> auto& { return s.scheduling.step_back_off.factor; }),
     .most = 100},
    {.key = "retries.longest-wait",
     .help = "but not longer",
     .place = at([](Settings& s) -> auto& { return s.scheduling.step_back_off.limit; })},

    {.key = "tries.silent-by-our-clock",
     .help = "the machine did not enforce a limit of the build",
     .place = tries<FailureClass::silent_by_our_clock>(),
     .most = kMostTries},
    {.key = "tries.fetch-failed",
     .help = "a fixed-output derivation failed",
     .place = tries<FailureClass::fetch_failed>(),
     .most = kMostTries},
    {.key = "tries.transient-failure",
     .help = "the machine's word is that it may work another time",
     .place = tries<FailureClass::transient>(),
     .most = kMostTries},
    {.key = "tries.machine-lost",
     .help = "no connection, or it broke",
     .place = tries<FailureClass::machine_lost>(),
     .most = kMostTries},
    {.key = "tries.transfer-stalled",
     .help = "no byte moved for too long",
     .place = tries<FailureClass::transfer_stalled>(),
     .most = kMostTries},
    {.key = "tries.protocol-error",
     .help = "the machine broke the rules, or its bytes do not match their hash",
     .place = tries<FailureClass::protocol_error>(),
     .most = kMostTries},
    {.key = "tries.disk-full",
     .help = "the machine ran out of space",
     .place = tries<FailureClass::disk_full>(),
     .most = kMostTries},
    {.key = "tries.destination-down",
     .help = "our own store did not take the outputs",
     .place = tries<FailureClass::destination_down>(),
     .most = kMostTries},
    {.key = "tries.input-missing",
     .help = "an input vanished, here or there",
     .place = tries<FailureClass::input_missing>(),
     .most = kMostTries},

    {.key = "machines.faults",
     .help = "faults of its own in a row take a machine out",
     .place = at([](Settings& s) -> auto& { return s.scheduling.faults_before_back_off; })},
    {.key = "machines.first-wait",
     .help = "for so long",
     .place = at([](Settings& s) -> auto& { return s.scheduling.machine_back_off.first; })},
    {.key = "machines.factor",
     .help = "each fault after that so many times as long",
     .place = at([](Settings& s) -> auto& { return s.scheduling.machine_back_off.factor; }),
     .most = 100},
    {.key = "machines.longest-wait",
     .help = "but not longer",
     .place = at([](Settings& s) -> auto& { return s.scheduling.machine_back_off.limit; })},
    {.key = "machines.quarantine-steps",
     .help = "steps in a row that failed there and succeeded elsewhere take it out, too",
     .place = at([](Settings& s) -> auto& { return s.scheduling.quarantine.contradictions; })},
    {.key = "machines.quarantine",
     .help = "for so long, whatever the machine itself says",
     .place = at([](Settings& s) -> auto& { return s.scheduling.quarantine.length; })},
    {.key = "machines.return",
     .help = "steps wait so long for a machine that left the machines file, where no other will do",
     .place = at([](Settings& s) -> auto& { return s.attempt.machine_return; })},
});

}  // namespace

std::span<const Row> rows() {
  return kRows;
}

std::span<const Section> sections() {
  return kSections;
}

}  // namespace firn::config

// SPDX-License-Identifier: Apache-2.0
#include "farm/doctor.h"

#include "aio/phase.h"
#include "aio/scope.h"
#include "aio/semaphore.h"
#include "farm/doctor_findings.h"
#include "farm/machine_access.h"
#include "farm/store_mark.h"
#include "farm/tiny_path.h"
#include "nix/output_paths.h"
#include "store/serve_builder.h"
#include "store/store.h"
#include "store/worker_builder.h"

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kAtATime = 16;
constexpr Duration kConnectLimit = 45s;
constexpr Duration kGreetingLimit = 20s;
constexpr Duration kQuestionLimit = 20s;
constexpr Duration kOwnStoreLimit = 10s;
constexpr Duration kBuildLimit = 90s;
constexpr Duration kCloseLimit = 5s;
constexpr std::size_t kLongestAnswer = 65536;

/// What a check found, where nothing was thrown.
struct Finding {
  Grade grade = Grade::fine;
  std::string found{};
  std::string advice{};
};

class OnePath final : public store::PathSource {
 public:
  OnePath(const nix::PathInfo& info, const std::string& nar) : info_(info), nar_(nar) {}

  aio::Task<std::optional<Item>> next() override {
    if (std::exchange(is_given_, true)) co_return std::nullopt;
    co_return Item{.info = info_, .nar = std::make_unique<WholeNar>(nar_)};
  }

 private:
  const nix::PathInfo& info_;
  const std::string& nar_;
  bool is_given_ = false;
};

/// Copies its input to its output, with nothing but a shell.
nix::Derivation trivial_build(const TinyPath& input,
                              const std::string& system,
                              const std::string& name) {
  nix::Derivation derivation;
  derivation.outputs["out"] = {};
  derivation.input_sources = {input.info.path};
  derivation.platform = system;
  derivation.builder = "/bin/sh";
  derivation.args = {"-c", "read -r line < $input; echo \"$line\" > $out"};
  derivation.env = {{"builder", "/bin/sh"},
                    {"input", input.info.path.str()},
                    {"name", name},
                    {"out", ""},
                    {"system", system}};
  nix::fill_output_paths(derivation, name, {});
  return derivation;
}

class Examination {
 public:
  Examination(aio::Loop& loop,
              const transport::SocketFolder& folder,
              const nix::Machine& machine,
              StoreMark& mark,
              const DoctorOptions& options)
      : loop_(loop),
        machine_(machine),
        mark_(mark),
        options_(options),
        sessions_(reach(loop, folder, machine, options.ssh).connector),
        shells_(reach_shell(loop, folder, machine, options.ssh)),
        input_(make_tiny_path("firn-doctor")) {
    diagnosis_.machine = name_of(machine);
  }

  aio::Task<Diagnosis> run();

 private:
  aio::Task<void> look();
  aio::Task<bool> check(std::string name, Duration limit, aio::Task<Finding> looking);
  aio::Task<Finding> connect();
  aio::Task<Finding> greet();
  aio::Task<Finding> greet_daemon();
  aio::Task<Finding> compare_stores();
  aio::Task<Finding> ask_facts();
  aio::Task<Finding> send_input();
  aio::Task<Finding> build();
  aio::Task<Finding> copy_back();
  aio::Task<std::string> answer_of(std::string script);
  aio::Task<void> clean_up();

  std::string system() const {
    return machine_.systems.empty() ? options_.own_system : *machine_.systems.begin();
  }

  aio::Loop& loop_;
  const nix::Machine& machine_;
  StoreMark& mark_;
  const DoctorOptions& options_;
  std::unique_ptr<transport::Connector> sessions_;
  std::unique_ptr<transport::Connector> shells_;
  TinyPath input_;
  std::optional<nix::StorePath> output_;
  std::unique_ptr<store::BuilderConnection> builder_;
  std::vector<Check> facts_;
  Diagnosis diagnosis_;
};

aio::Task<Diagnosis> Examination::run() {
  const TimePoint began = loop_.timers().now();
  co_await look();
  try {
    co_await aio::within(loop_, "cleaning up", kQuestionLimit, clean_up());
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
  }
  diagnosis_.took = loop_.timers().now() - began;
  co_return std::move(diagnosis_);
}

aio::Task<void> Examination::look() {
  if (!co_await check("connect", kConnectLimit, connect())) co_return;
  if (!co_await check("nix", kConnectLimit, greet())) co_return;
  diagnosis_.checks.push_back(judge_greeting(builder_->greeting_took()));
  co_await check("facts", kQuestionLimit, ask_facts());
  for (auto& fact : facts_)
    diagnosis_.checks.push_back(std::move(fact));
  if (!co_await check("store", kQuestionLimit, compare_stores())) co_return;
  if (!co_await check("trust", kQuestionLimit, send_input())) co_return;
  if (builder_->untrusting() != nullptr) {
    diagnosis_.can_build = true;
    co_return;
  }
  if (!co_await check("build", kBuildLimit, build())) co_return;
  diagnosis_.can_build = co_await check("copy back", kQuestionLimit, copy_back());
}

/// False where nothing that follows makes sense.
aio::Task<bool> Examination::check(std::string name, Duration limit, aio::Task<Finding> looking) {
  const TimePoint began = loop_.timers().now();
  Finding finding;
  try {
    finding = co_await aio::within(loop_, name, limit, std::move(looking));
  } catch (const Bug&) {
    throw;
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
    finding = {.grade = Grade::broken, .found = e.what(), .advice = {}};
  }
  diagnosis_.checks.push_back({.name = std::move(name),
                               .grade = finding.grade,
                               .found = std::move(finding.found),
                               .advice = std::move(finding.advice),
                               .took = loop_.timers().now() - began});
  co_return finding.grade != Grade::broken;
}

aio::Task<Finding> Examination::connect() {
  co_await sessions_->open_ahead();
  if (is_local(machine_)) co_return Finding{.found = "it is this machine"};
  co_return Finding{.found = machine_.host_key.empty()
                                 ? "the host key is in known_hosts"
                                 : "the host key is the one in its line's eighth column"};
}

aio::Task<Finding> Examination::greet_daemon() {
  std::optional<bool> trust;
  builder_ = co_await store::connect_worker_builder(
      loop_, *sessions_, name_of(machine_), {.greeting = kGreetingLimit}, trust);
  co_await has_mark(*builder_, input_.info.path);
  co_return Finding{.found = "its daemon answers"};
}

aio::Task<Finding> Examination::greet() {
  if (protocol_of(machine_) == store::BuilderProtocol::worker) co_return co_await greet_daemon();
  auto connection =
      co_await store::connect(loop_, *sessions_, name_of(machine_), {.greeting = kGreetingLimit});
  const auto announced = connection->announced().str();
  builder_ = std::make_unique<store::ServeBuilder>(std::move(connection));
  co_await has_mark(*builder_, input_.info.path);
  co_return Finding{.found = fmt::format("it speaks version {} of the serve protocol", announced)};
}

/// What the program prints for `script`; nothing where the login runs no such thing.
aio::Task<std::string> Examination::answer_of(std::string script) {
  const auto link = co_await shells_->open();
  co_await link->write(as_bytes(script));
  link->close_write();
  std::string answer;
  std::array<std::byte, 4096> buffer{};
  while (answer.size() < kLongestAnswer) {
    const std::size_t got = co_await link->read_some(buffer);
    if (got == 0) break;
    answer += as_text(Bytes(buffer).first(got));
  }
  co_return answer;
}

aio::Task<Finding> Examination::compare_stores() {
  std::optional<nix::StorePath> mark;
  std::string trouble;
  try {
    mark = co_await aio::within(loop_, "asking our own store", kOwnStoreLimit, mark_.path());
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
    trouble = e.what();
  }
  if (!mark)
    co_return Finding{.grade = Grade::unknown, .found = "our own was not asked: " + trouble};
  if (!co_await has_mark(*builder_, *mark)) co_return Finding{.found = "it has a store of its own"};
  co_return Finding{.found = "its store is our own: nothing is copied"};
}

aio::Task<Finding> Examination::ask_facts() {
  std::string answer;
  try {
    answer = co_await answer_of(std::string(shell_preamble()) + std::string(facts_script()));
  } catch (const Error& e) {
    if (e.kind() != Kind::unavailable) throw;
  }
  const auto facts = parse_facts(answer);
  std::set<std::string> systems(machine_.systems.begin(), machine_.systems.end());
  if (systems.empty()) systems.insert(options_.own_system);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  facts_ = judge_facts(facts, machine_, systems, now);
  if (facts.nix_version.empty())
    co_return Finding{.grade = Grade::unknown, .found = "its login runs nothing but Nix"};
  co_return Finding{.found = "Nix " + facts.nix_version};
}

/// Unsigned: only a trusted login may add such a path.
aio::Task<Finding> Examination::send_input() {
  if (builder_->untrusting() != nullptr) {
    co_return Finding{.grade = Grade::attention,
                      .found = "its daemon does not trust this login; a build was not tried",
                      .advice =
                          "inputs must be signed by a key in its trusted-public-keys, or "
                          "come from its substituters"};
  }
  nix::PathInfo unsigned_info = input_.info;
  unsigned_info.ca.clear();
  OnePath source(unsigned_info, input_.nar);
  try {
    co_await builder_->add_paths(source);
  } catch (const Error& e) {
    const std::string words = e.what();
    if (words.find("signature") == std::string::npos) throw;
    co_return Finding{
        .grade = Grade::broken,
        .found = words,
        .advice = "add this login to trusted-users in its nix.conf and restart its nix-daemon"};
  }
  co_return Finding{.found = "it takes unsigned paths from us"};
}

aio::Task<Finding> Examination::build() {
  const std::string name = std::string(input_.info.path.name()) + "-build";
  const auto derivation = trivial_build(input_, system(), name);
  const auto& out = derivation.outputs.at("out").path;
  FIRN_CHECK(out.has_value());
  output_ = *out;
  const nix::BasicDerivation& inputs_resolved = derivation;
  const wire::BuildDerivation request{
      .drv_path = nix::derivation_path(derivation, name),
      .derivation = inputs_resolved,
      .options = {.max_silent_time = 0s,
                  .build_timeout = std::chrono::floor<std::chrono::seconds>(kBuildLimit),
                  .max_log_size = {},
                  .repeats = 0,
                  .enforce_determinism = false,
                  .keep_failed = false}};
  const auto result = co_await builder_->build(request);
  if (nix::is_success(result.status)) co_return Finding{.found = "it builds for " + system()};
  co_return Finding{.grade = Grade::broken,
                    .found = nix::strip_ansi(result.error_message),
                    .advice = fmt::format(
                        "see whether `nix-build` works there for {}, and its max-jobs", system())};
}

aio::Task<Finding> Examination::copy_back() {
  FIRN_CHECK(output_.has_value());
  const auto infos = co_await builder_->path_infos({*output_});
  if (infos.empty()) throw Error(Kind::protocol, "it does not have what it says that it built");
  std::string nar;
  const auto stream = builder_->dump(*output_);
  while (true) {
    const Bytes block = co_await stream->next();
    if (block.empty()) break;
    nar += as_text(block);
    if (nar.size() > kLongestAnswer) throw Error(Kind::protocol, "it sends more than it built");
  }
  if (nar != input_.nar) throw Error(Kind::protocol, "the bytes are not those that were built");
  co_return Finding{.found = "the bytes are those that were built"};
}

aio::Task<void> Examination::clean_up() {
  if (builder_) co_await builder_->close();
  const bool has_sent = builder_ != nullptr;
  builder_.reset();
  std::string paths = input_.info.path.str();
  if (output_) paths = output_->str() + " " + paths;
  std::exception_ptr error;
  try {
    if (has_sent) {
      co_await answer_of(std::string(shell_preamble()) + "nix-store --delete " + paths +
                         " >/dev/null 2>&1\n");
    }
  } catch (...) {
    error = std::current_exception();
  }
  for (auto* connector : {sessions_.get(), shells_.get()})
    co_await aio::within(loop_, "disconnecting", kCloseLimit, connector->close());
  if (error) std::rethrow_exception(error);
}

aio::Task<void> examine_one(Examination* examination, aio::Semaphore* turns, Diagnosis* diagnosis) {
  const auto turn = co_await turns->acquire();
  *diagnosis = co_await examination->run();
}

aio::Task<std::vector<Diagnosis>> examine_all(aio::Loop& loop,
                                              const transport::SocketFolder& folder,
                                              const std::vector<nix::Machine>& machines,
                                              store::Store& own_store,
                                              const DoctorOptions& options) {
  StoreMark mark(own_store);
  std::vector<std::unique_ptr<Examination>> examinations;
  examinations.reserve(machines.size());
  for (const auto& machine : machines)
    examinations.push_back(std::make_unique<Examination>(loop, folder, machine, mark, options));
  std::vector<Diagnosis> diagnoses(machines.size());
  aio::Semaphore turns(kAtATime);
  aio::Scope scope(loop);
  for (std::size_t i = 0; i < machines.size(); ++i)
    scope.spawn(examine_one, examinations[i].get(), &turns, &diagnoses[i]);
  co_await scope.join();
  co_return diagnoses;
}

}  // namespace

std::string_view to_string(Grade grade) {
  constexpr std::array<std::string_view, 4> kNames{"fine", "attention", "broken", "unknown"};
  return kNames.at(static_cast<std::size_t>(grade));
}

aio::Task<std::vector<Diagnosis>> examine(aio::Loop& loop,
                                          const transport::SocketFolder& folder,
                                          const std::vector<nix::Machine>& machines,
                                          const DoctorOptions& options) {
  const auto own_store = store::open_store(loop, options.own_store);
  std::vector<Diagnosis> diagnoses;
  std::exception_ptr error;
  try {
    diagnoses = co_await examine_all(loop, folder, machines, *own_store, options);
  } catch (...) {
    error = std::current_exception();
  }
  co_await aio::shielded(loop, "closing our own store", kCloseLimit, own_store->close());
  if (error) std::rethrow_exception(error);
  co_return diagnoses;
}

}  // namespace firn::farm

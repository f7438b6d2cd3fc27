// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_reply.h"

#include "base/error.h"
#include "wire/serve_fields.h"

#include <utility>

#include <fmt/format.h>

namespace firn::wire {

namespace {

/// What one record did to a reply. Meaningless when the decoder was short.
enum class Record : std::uint8_t { of_list, last };

/// Where a list stands: its count has been read, and so many items are to come.
struct ListState {
  bool is_open = false;
  std::uint64_t items_left = 0;
};

/// Most replies are one record.
template <class Reply>
Record read_record(Decoder& io, Reply& reply, ListState& /*list*/, ServeVersion version) {
  Reply whole;
  fields(io, whole, version);
  if (!io.is_short()) reply = std::move(whole);
  return Record::last;
}

Record read_record(Decoder& /*io*/,
                   NarFollows& /*reply*/,
                   ListState& /*list*/,
                   ServeVersion /*version*/) {
  return Record::last;
}

/// A count, then paths.
Record read_record(Decoder& io,
                   nix::StorePathSet& reply,
                   ListState& list,
                   ServeVersion /*version*/) {
  if (!list.is_open) {
    list.items_left = io.count(0);
  } else {
    auto path = blank<nix::StorePath>();
    io.path(path);
    if (io.is_short()) return Record::of_list;
    reply.insert(reply.end(), std::move(path));
    --list.items_left;
  }
  list.is_open = true;
  return list.items_left == 0 ? Record::last : Record::of_list;
}

/// Infos until an empty path.
Record read_record(Decoder& io, PathInfos& reply, ListState& /*list*/, ServeVersion version) {
  std::optional<nix::StorePath> path;
  io.optional_path(path);
  if (io.is_short() || !path) return Record::last;
  auto info = blank<nix::PathInfo>();
  info.path = std::move(*path);
  unkeyed_fields(io, info, version);
  if (io.is_short()) return Record::of_list;
  if (reply.size() >= kCountLimit)
    io.fail(fmt::format("at most {} path infos", kCountLimit), "more");
  reply.push_back(std::move(info));
  return Record::of_list;
}

template <class Reply>
void write_reply(Encoder& io, const Reply& reply, ServeVersion version) {
  fields(io, reply, version);
}

void write_reply(Encoder& /*io*/, const NarFollows& /*reply*/, ServeVersion /*version*/) {}

void write_reply(Encoder& io, const nix::StorePathSet& reply, ServeVersion /*version*/) {
  io.paths(reply);
}

void write_reply(Encoder& io, const PathInfos& reply, ServeVersion version) {
  for (const auto& info : reply) {
    io.path(info.path);
    unkeyed_fields(io, info, version);
  }
  io.optional_path(std::nullopt);
}

}  // namespace

template <class Request>
Progress ReplyReader<Request>::feed(std::string_view available) {
  FIRN_CHECK(state_ != State::taken);
  Progress progress;
  while (state_ != State::done) {
    Decoder io(available.substr(progress.consumed), offset_);
    ListState list{.is_open = state_ == State::within_list, .items_left = items_left_};
    const Record record = read_record(io, reply_, list, version_);
    progress.missing = io.missing();
    if (io.is_short()) return progress;
    progress.consumed += io.consumed();
    offset_ += io.consumed();
    items_left_ = list.items_left;
    state_ = record == Record::last ? State::done : State::within_list;
  }
  progress.done = true;
  return progress;
}

template <class Request>
typename ReplyReader<Request>::Reply ReplyReader<Request>::take() && {
  FIRN_CHECK(state_ == State::done);
  state_ = State::taken;
  return std::move(reply_);
}

template <class Request>
void append_reply(std::string& out, const typename Request::Reply& reply, ServeVersion version) {
  Encoder io(out);
  write_reply(io, reply, version);
}

template class ReplyReader<QueryValidPaths>;
template class ReplyReader<QueryPathInfos>;
template class ReplyReader<DumpStorePath>;
template class ReplyReader<ImportPaths>;
template class ReplyReader<BuildPaths>;
template class ReplyReader<QueryClosure>;
template class ReplyReader<BuildDerivation>;
template class ReplyReader<AddToStoreNar>;

template void append_reply<QueryValidPaths>(std::string&, const nix::StorePathSet&, ServeVersion);
template void append_reply<QueryPathInfos>(std::string&, const PathInfos&, ServeVersion);
template void append_reply<DumpStorePath>(std::string&, const NarFollows&, ServeVersion);
template void append_reply<ImportPaths>(std::string&, const Acknowledged&, ServeVersion);
template void append_reply<BuildPaths>(std::string&, const BuildPathsReply&, ServeVersion);
template void append_reply<QueryClosure>(std::string&, const nix::StorePathSet&, ServeVersion);
template void append_reply<BuildDerivation>(std::string&, const nix::BuildResult&, ServeVersion);
template void append_reply<AddToStoreNar>(std::string&, const Acknowledged&, ServeVersion);

}  // namespace firn::wire

// SPDX-License-Identifier: Apache-2.0
// How requests and replies of both protocols are made of their fields: the bodies of request.h and
// reply_reader.h. Included by the sources of this layer only, after the fields.
#pragma once

#include "base/error.h"
#include "nix/store_path.h"
#include "wire/codec.h"
#include "wire/reply_reader.h"
#include "wire/request.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::wire {

/// What one record did to a reply. Meaningless when the decoder was short.
enum class Record : std::uint8_t { of_list, last };

/// Most replies are one record, or no bytes at all.
template <class Reply, class Version>
Record read_record(Decoder& io, Reply& reply, ListState& /*list*/, Version version) {
  auto whole = blank<Reply>();
  fields(io, whole, version);
  if (!io.is_short()) reply = std::move(whole);
  return Record::last;
}

/// One record of a counted list: the count first, then the items. `item()` reads one.
template <class Item>
Record read_counted(Decoder& io, ListState& list, Item item) {
  if (!list.is_open) {
    list.items_left = io.count(0);
    list.is_open = !io.is_short();
  } else {
    item();
    if (!io.is_short()) --list.items_left;
  }
  return list.items_left == 0 ? Record::last : Record::of_list;
}

template <class Version>
Record read_record(Decoder& io, nix::StorePathSet& reply, ListState& list, Version /*version*/) {
  return read_counted(io, list, [&] {
    auto path = blank<nix::StorePath>();
    io.path(path);
    if (!io.is_short()) reply.insert(reply.end(), std::move(path));
  });
}

template <class Item, class Version>
Record read_record(Decoder& io, std::vector<Item>& reply, ListState& list, Version version) {
  return read_counted(io, list, [&] {
    auto item = blank<Item>();
    fields(io, item, version);
    if (!io.is_short()) reply.push_back(std::move(item));
  });
}

template <class Reply, class Version>
void write_reply(Encoder& io, const Reply& reply, Version version) {
  fields(io, reply, version);
}

template <class Version>
void write_reply(Encoder& io, const nix::StorePathSet& reply, Version /*version*/) {
  io.paths(reply);
}

template <class Item, class Version>
void write_reply(Encoder& io, const std::vector<Item>& reply, Version version) {
  io.u64(reply.size());
  for (const auto& item : reply)
    fields(io, item, version);
}

template <class Request>
constexpr std::uint64_t number_of() {
  if constexpr (requires { Request::kCommand; }) {
    return static_cast<std::uint64_t>(Request::kCommand);
  } else {
    return static_cast<std::uint64_t>(Request::kOperation);
  }
}

template <class Request>
void append_request(std::string& out, const Request& request, VersionOf<Request> version) {
  if (!can_ask<Request>(version)) {
    throw Bug(fmt::format(
        "request {} is asked at {}, which does not know it", number_of<Request>(), version.str()));
  }
  Encoder io(out);
  io.u64(number_of<Request>());
  fields(io, request, version);
}

template <class Request>
DecodeResult<Request> decode_request(std::string_view bytes,
                                     VersionOf<Request> version,
                                     std::uint64_t offset) {
  Decoder io(bytes, offset);
  auto request = blank<Request>();
  fields(io, request, version);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<Request>{.value = std::move(request), .consumed = io.consumed()};
}

template <class Request>
Progress ReplyReader<Request>::feed(std::string_view available) {
  FIRN_CHECK(state_ != State::taken);
  Progress progress;
  while (state_ != State::done) {
    Decoder io(available.substr(progress.consumed), offset_);
    const Record record = read_record(io, reply_, list_, version_);
    progress.missing = io.missing();
    if (io.is_short()) return progress;
    progress.consumed += io.consumed();
    offset_ += io.consumed();
    if (record == Record::last) state_ = State::done;
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
void append_reply(std::string& out,
                  const typename Request::Reply& reply,
                  VersionOf<Request> version) {
  Encoder io(out);
  write_reply(io, reply, version);
}

}  // namespace firn::wire

/// Compiles all that is declared for a request. To be used inside namespace firn::wire.
#define FIRN_COMPILE_REQUEST(Request)                                             \
  template void append_request(std::string&, const Request&, VersionOf<Request>); \
  template DecodeResult<Request> decode_request(                                  \
      std::string_view, VersionOf<Request>, std::uint64_t);                       \
  template class ReplyReader<Request>;                                            \
  template void append_reply<Request>(std::string&, const Request::Reply&, VersionOf<Request>)

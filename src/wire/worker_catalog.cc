// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_catalog.h"

#include "wire/framed_stream.h"
#include "wire/worker_fields.h"
#include "wire/worker_handshake_fields.h"
#include "wire/worker_json.h"
#include "wire/worker_messages.h"

// After the fields of the protocol and what shows them.
#include "wire/catalog_parts.h"

#include <array>
#include <concepts>

namespace firn::wire::worker {

namespace {

using Kind = MessageKind<Protocol>;

/// The payload of the frames at the front of `stream`, as a stream of its own; it takes them from
/// there as it is read.
Replay unframed(Replay& stream) {
  return Replay([&stream,
                 reader = FrameReader(stream.offset()),
                 done = false,
                 piece = std::string()]() mutable {
    piece.clear();
    while (!done && piece.empty()) {
      const auto step = reader.feed(stream.view());
      piece = step.payload;
      done = step.progress.done;
      stream.drop(step.progress.consumed);
      if (!done && piece.empty() && step.progress.consumed == 0 &&
          !stream.fetch(step.progress.missing)) {
        stream.fail_at_end(step.progress.missing);
      }
    }
    return std::string_view(piece);
  });
}

/// What was sent piece by piece, each a text, as a stream of its own. Has no end: only what is in
/// it knows that.
Replay unpulled(Replay& stream) {
  return Replay([&stream, piece = std::string()]() mutable {
    piece = take(stream, [](std::string_view bytes, std::uint64_t offset) {
      return decode_piece(bytes, kTextLimit.bytes, offset);
    });
    return std::string_view(piece);
  });
}

/// Reads what was uploaded with `read(out, upload)`. Where that is not whole, as when the daemon
/// has failed meanwhile, the frames still tell where it ends.
template <class Read>
void take_frames(Json& out, Replay& stream, Read read) {
  Replay upload = unframed(stream);
  try {
    read(out, upload);
  } catch (const Error& error) {
    out["problem"] = "in what was uploaded: " + error.message();
  }
  const auto rest = upload.drop_rest();
  if (rest > 0 && !out.contains("problem")) out["bytesAfter"] = rest;
}

void take_added_paths(Json& out, Replay& upload) {
  Json& paths = out["paths"] = Json::array();
  for (auto left = take(upload, decode_added_count); left > 0; --left) {
    Json& path = paths.emplace_back(shown(take(upload, decode_added_path)));
    path["nar"] = take_nar(upload);
  }
}

bool is_over_nar(const AddToStore& request) {
  return request.method.starts_with("fixed:r:") || request.method.starts_with("fixed:git:");
}

void take_upload(Json& out, Replay& stream, const AddToStore& request, Protocol protocol) {
  if (upload_of<AddToStore>(protocol) == Upload::nar) {
    out["nar"] = take_nar(stream);
    return;
  }
  take_frames(out, stream, [&](Json& into, Replay& upload) {
    if (is_over_nar(request)) {
      into["nar"] = take_nar(upload);
    } else {
      into["fileSize"] = upload.drop_rest();
    }
  });
}

void take_upload(Json& out, Replay& stream, const AddToStoreNar& /*request*/, Protocol protocol) {
  const auto take_it = [](Json& into, Replay& upload) { into["nar"] = take_nar(upload); };
  if (upload_of<AddToStoreNar>(protocol) == Upload::frames) {
    take_frames(out, stream, take_it);
  } else {
    Replay upload = unpulled(stream);
    take_it(out, upload);
  }
}

void take_upload(Json& out,
                 Replay& stream,
                 const AddMultipleToStore& /*request*/,
                 Protocol /*protocol*/) {
  take_frames(out, stream, take_added_paths);
}

void take_upload(Json& out, Replay& stream, const AddBuildLog& /*request*/, Protocol /*protocol*/) {
  take_frames(
      out, stream, [](Json& into, Replay& upload) { into["logSize"] = upload.drop_rest(); });
}

template <class Request>
void take_upload(Json& /*out*/,
                 Replay& /*stream*/,
                 const Request& /*request*/,
                 Protocol /*protocol*/) {}

/// What follows a request belongs to it.
template <class Request>
void take_request(Json& out, Replay& stream, Protocol protocol) {
  const auto request =
      take(stream, [&](std::string_view bytes, std::uint64_t offset) -> DecodeResult<Request> {
        Decoder io(bytes, offset);
        auto value = blank<Request>();
        io.constant(number_of<Request>(), "the number of this request");
        fields(io, value, protocol);
        if (io.is_short()) return Short{io.missing()};
        return Decoded<Request>{.value = std::move(value), .consumed = io.consumed()};
      });
  out = shown(request);
  take_upload(out, stream, request, protocol);
}

template <class Request>
void take_answer(Json& out, Replay& stream, Protocol protocol) {
  if constexpr (std::same_as<typename Request::Reply, NarFollows>) {
    out = take_nar(stream);
  } else {
    out = shown(take_reply<Request>(stream, protocol));
  }
}

void take_message(Json& out, Replay& stream, Protocol protocol) {
  out = shown(take(stream, [&](std::string_view bytes, std::uint64_t offset) {
    return decode_message(bytes, protocol, offset);
  }));
}

template <std::uint64_t Magic>
void take_hello(Json& out, Replay& stream, Protocol /*protocol*/) {
  out = take_with(stream, [](Decoder& io) -> Json {
    std::uint32_t version = 0;
    hello_fields(io, Magic, version);
    if (io.is_short()) return {};
    return Json::object({{"version", parse_worker_version(version).str()}});
  });
}

void take_daemon_info(Json& out, Replay& stream, Protocol protocol) {
  out = take_with(stream, [protocol](Decoder& io) {
    DaemonInfo info;
    fields(io, info, protocol);
    return shown(info);
  });
}

void take_derived_path(Json& out, Replay& stream, Protocol protocol) {
  out = take_with(stream, [protocol](Decoder& io) {
    auto path = blank<nix::DerivedPath>();
    derived_path(io, path, protocol);
    return shown(path);
  });
}

void take_build_mode(Json& out, Replay& stream, Protocol /*protocol*/) {
  out = take_with(stream, [](Decoder& io) {
    auto mode = BuildMode::normal;
    build_mode(io, mode);
    return Json(static_cast<int>(mode));
  });
}

void take_drv_output(Json& out, Replay& stream, Protocol protocol) {
  out = take_with(stream, [protocol](Decoder& io) {
    auto output = blank<OutputId>();
    output_id(io, output, protocol);
    return shown(output);
  });
}

void take_realisation(Json& out, Replay& stream, Protocol protocol) {
  out = take_with(stream, [protocol](Decoder& io) {
    auto value = blank<AnyRealisation>();
    realisation(io, value, protocol);
    return shown(value);
  });
}

constexpr auto kMessages = std::to_array<Kind>({
    Kind::structure("string", take_string),
    Kind::structure("store-path", take_path),
    Kind::structure("optional-store-path", take_optional_path),
    Kind::structure("content-address", take_content_address),
    Kind::structure("derived-path", take_derived_path),
    Kind::structure("build-mode", take_build_mode),
    Kind::structure("basic-derivation", take_derivation),
    Kind::structure("build-result", take_structure<nix::BuildResult>),
    Kind::structure("keyed-build-result", take_structure<KeyedBuildResult>),
    Kind::structure("unkeyed-valid-path-info", take_structure<UnkeyedPathInfo>),
    Kind::structure("valid-path-info", take_structure<nix::PathInfo>),
    Kind::structure("drv-output", take_drv_output),
    Kind::structure("realisation", take_realisation),
    Kind::structure("nar", take_nar_message),
    Kind::structure("message", take_message),

    Kind::structure("client-hello", take_hello<kClientMagic>),
    Kind::structure("server-hello", take_hello<kDaemonMagic>),
    Kind::structure("client-handshake-info", take_daemon_info),

    FIRN_ASKED(IsValidPath, "is-valid-path"),
    FIRN_ASKED(QueryPathInfo, "query-path-info"),
    FIRN_ASKED(QueryValidPaths, "query-valid-paths"),
    FIRN_ASKED(QueryAllValidPaths, "query-all-valid-paths"),
    FIRN_ASKED(QueryPathFromHashPart, "query-path-from-hash-part"),
    FIRN_ASKED(QueryReferrers, "query-referrers"),
    FIRN_ASKED(QueryValidDerivers, "query-valid-derivers"),
    FIRN_ASKED(QueryDerivationOutputMap, "query-derivation-output-map"),
    FIRN_ASKED(QuerySubstitutablePaths, "query-substitutable-paths"),
    FIRN_ASKED(QuerySubstitutablePathInfo, "query-substitutable-path-info"),
    FIRN_ASKED(QuerySubstitutablePathInfos, "query-substitutable-path-infos"),
    FIRN_ASKED(QueryMissing, "query-missing"),
    FIRN_ASKED(QueryRealisation, "query-realisation"),
    FIRN_ASKED(NarFromPath, "nar-from-path"),
    FIRN_ASKED(SetOptions, "set-options"),
    FIRN_ASKED(BuildPaths, "build-paths"),
    FIRN_ASKED(BuildPathsWithResults, "build-paths-with-results"),
    FIRN_ASKED(BuildDerivation, "build-derivation"),
    FIRN_ASKED(EnsurePath, "ensure-path"),
    FIRN_ASKED(AddToStore, "add-to-store"),
    FIRN_ASKED(AddTextToStore, "add-text-to-store"),
    FIRN_ASKED(AddToStoreNar, "add-to-store-nar"),
    FIRN_ASKED(AddMultipleToStore, "add-multiple-to-store"),
    FIRN_ASKED(AddSignatures, "add-signatures"),
    FIRN_ASKED(RegisterDrvOutput, "register-drv-output"),
    FIRN_ASKED(AddBuildLog, "add-build-log"),
    FIRN_ASKED(AddTempRoot, "add-temp-root"),
    FIRN_ASKED(AddIndirectRoot, "add-indirect-root"),
    FIRN_ASKED(AddPermRoot, "add-perm-root"),
    FIRN_ASKED(SyncWithGc, "sync-with-gc"),
    FIRN_ASKED(FindRoots, "find-roots"),
    FIRN_ASKED(CollectGarbage, "collect-garbage"),
    FIRN_ASKED(OptimiseStore, "optimise-store"),
    FIRN_ASKED(VerifyStore, "verify-store"),
});

}  // namespace

Catalog<Protocol> worker_catalog() {
  return kMessages;
}

}  // namespace firn::wire::worker

// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_catalog.h"

#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_fields.h"
#include "wire/serve_handshake.h"
#include "wire/serve_json.h"

// After the fields of the protocol and what shows them.
#include "wire/catalog_parts.h"

#include <array>
#include <concepts>

namespace firn::wire {

namespace {

using Kind = MessageKind<ServeVersion>;

void take_unkeyed_info(Json& out, Replay& stream, ServeVersion version) {
  out = take_with(stream, [version](Decoder& io) {
    auto info = blank<nix::PathInfo>();
    unkeyed_fields(io, info, version);
    return shown(info);
  });
  out.erase("path");
}

/// By the path of the derivation since 2.8, by its hash modulo before.
void take_drv_output(Json& out, Replay& stream, ServeVersion version) {
  if (has(version, Since::binary_built_outputs)) {
    out = take_with(stream, [](Decoder& io) {
      nix::DrvOutput output{.drv = blank<nix::DrvPath>(), .output = {}};
      drv_output_fields(io, output);
      return shown(output);
    });
  } else {
    take_text(out, stream, "an output by hash", [](const std::string& text) {
      return shown(nix::parse_hashed_drv_output(text));
    });
  }
}

/// As JSON before 2.8.
void take_realisation(Json& out, Replay& stream, ServeVersion version) {
  if (has(version, Since::binary_built_outputs)) {
    out = take_with(stream, [](Decoder& io) {
      nix::Realisation value{.key = {.drv = blank<nix::DrvPath>(), .output = {}},
                             .value = {.out_path = blank<nix::StorePath>(), .signatures = {}}};
      drv_output_fields(io, value.key);
      realisation_fields(io, value.value);
      return shown(value);
    });
  } else {
    take_text(out, stream, "a realisation", [](const std::string& text) {
      const Json document = nix::parse_json(text);
      return shown(nix::hashed_realisation_from(nix::JsonPlace(document)));
    });
  }
}

void take_export_stream(Json& out, Replay& stream, ServeVersion /*version*/) {
  out = Json::array();
  while (take(stream, decode_export_item)) {
    Json nar = take_nar(stream);
    const auto trailer = take(stream, decode_export_trailer);
    out.push_back({{"path", trailer.path.str()},
                   {"references", shown(trailer.references)},
                   {"deriver", shown(trailer.deriver)},
                   {"nar", std::move(nar)}});
  }
}

template <DecodeResult<ServeVersion> (*Read)(std::string_view)>
void take_hello(Json& out, Replay& stream, ServeVersion /*version*/) {
  const auto version =
      take(stream, [](std::string_view bytes, std::uint64_t /*offset*/) { return Read(bytes); });
  out = Json::object({{"version", version.str()}});
}

/// What follows a request belongs to it.
template <class Request>
void take_request(Json& out, Replay& stream, ServeVersion version) {
  out = take_asked<Request>(stream, version);
  if constexpr (Request::kCommand == Command::add_to_store_nar) out["nar"] = take_nar(stream);
  if constexpr (Request::kCommand == Command::import_paths)
    take_export_stream(out["paths"], stream, version);
}

template <class Request>
void take_answer(Json& out, Replay& stream, ServeVersion version) {
  using Reply = typename Request::Reply;
  if constexpr (std::same_as<Reply, NarFollows>) {
    out = take_nar(stream);
  } else if constexpr (std::same_as<Reply, ExportFollows>) {
    take_export_stream(out, stream, version);
  } else {
    out = shown(take_reply<Request>(stream, version));
  }
}

constexpr auto kMessages = std::to_array<Kind>({
    Kind::structure("string", take_string),
    Kind::structure("store-path", take_path),
    Kind::structure("optional-store-path", take_optional_path),
    Kind::structure("content-address", take_content_address),
    Kind::structure("drv-output", take_drv_output),
    Kind::structure("realisation", take_realisation),
    Kind::structure("build-options", take_structure<BuildOptions>),
    Kind::structure("basic-derivation", take_derivation),
    Kind::structure("build-result", take_structure<nix::BuildResult>),
    Kind::structure("unkeyed-valid-path-info", take_unkeyed_info),
    Kind::structure("nar", take_nar_message),
    Kind::structure("export-stream", take_export_stream),

    Kind::structure("client-hello", take_hello<read_client_hello>),
    Kind::structure("server-hello", take_hello<read_server_hello>),

    FIRN_ASKED(QueryValidPaths, "query-valid-paths"),
    FIRN_ASKED(QueryPathInfos, "query-path-infos"),
    FIRN_ASKED(DumpStorePath, "dump-store-path"),
    FIRN_ASKED(ImportPaths, "import-paths"),
    FIRN_ASKED(ExportPaths, "export-paths"),
    FIRN_ASKED(BuildPaths, "build-paths"),
    FIRN_ASKED(QueryClosure, "query-closure"),
    FIRN_ASKED(BuildDerivation, "build-derivation"),
    FIRN_ASKED(AddToStoreNar, "add-to-store-nar"),
});

}  // namespace

Catalog<ServeVersion> serve_catalog() {
  return kMessages;
}

}  // namespace firn::wire

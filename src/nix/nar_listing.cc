// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_listing.h"

#include "base/error.h"
#include "nix/tree_json.h"

#include <utility>

namespace firn::nix {

namespace {

constexpr int kVersion = 1;

class LeafJson {
 public:
  explicit LeafJson(ListingForm form) : form_(form) {}

  Json operator()(const ListedFile& file) const {
    Json json{{"type", "regular"}};
    if (file.size) json["size"] = *file.size;
    if (file.executable || form_ == ListingForm::since_2_35) json["executable"] = file.executable;
    if (file.nar_offset) json["narOffset"] = *file.nar_offset;
    return json;
  }

  Json operator()(NameOnly /*entry*/) const { return Json::object(); }

 private:
  ListingForm form_;
};

NarListing leaf_from(const JsonPlace& place) {
  const auto type = place.find("type");
  if (!type && place.members().empty()) return NarListing{NameOnly{}};
  if (place.at("type").string() != "regular") place.at("type").fail("a type of file");
  ListedFile file;
  if (const auto size = place.find("size")) file.size = size->number();
  if (const auto executable = place.find("executable")) file.executable = executable->boolean();
  if (const auto offset = place.find("narOffset"); offset && offset->number() != 0) {
    file.nar_offset = offset->number();
  }
  return NarListing{file};
}

}  // namespace

void NarListingBuilder::begin_file(std::string_view name, bool executable, std::uint64_t size) {
  NarListing& entry = add(name, NarListing{ListedFile{.size = size, .executable = executable}});
  file_ = &std::get<ListedFile>(entry.node);
}

void NarListingBuilder::file_offset(std::uint64_t offset) {
  file_->nar_offset = offset;
}

Json to_json(const NarListing& listing, ListingForm form) {
  return tree_json(listing, LeafJson(form));
}

NarListing listing_from(const JsonPlace& place) {
  return tree_from<NarListing>(place, leaf_from);
}

std::optional<std::string> listing_file(const NarListing& listing, ListingForm form) {
  try {
    return to_text({{"version", kVersion}, {"root", to_json(listing, form)}});
  } catch (const Error&) {
    return std::nullopt;
  }
}

NarListing parse_listing_file(std::string_view text) {
  const Json json = parse_json(text);
  const JsonPlace file(json);
  if (file.at("version").number() != kVersion) file.at("version").fail("format 1");
  return listing_from(file.at("root"));
}

}  // namespace firn::nix

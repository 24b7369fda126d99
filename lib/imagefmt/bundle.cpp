#include "imagefmt/bundle.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "api/json.h"
#include "archive/hash.h"

namespace imagefmt {

namespace {

constexpr std::string_view kMagic = "incusbox bundle\n";
constexpr int kVersion = 1;

/// The last bytes of a bundle; numbers in the byte order of all machines that we run on.
struct Trailer {
  char magic[16];
  uint64_t index_offset, index_size;
  char index_sha256[32];
};
static_assert(sizeof(Trailer) == 64);

/// The file's size and its last bytes, if they are a trailer.
std::optional<std::pair<int64_t, Trailer>> read_trailer(int fd) {
  struct stat info;
  Trailer trailer;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < static_cast<off_t>(sizeof trailer)) return std::nullopt;
  if (pread(fd, &trailer, sizeof trailer, info.st_size - static_cast<off_t>(sizeof trailer)) != static_cast<ssize_t>(sizeof trailer)) return std::nullopt;
  if (std::string_view(trailer.magic, sizeof trailer.magic) != kMagic) return std::nullopt;
  return std::pair{static_cast<int64_t>(info.st_size), trailer};
}

std::unexpected<Error> damaged(const std::string& what) { return fail(Code::invalid, "This bundle is damaged: {}", what); }

Result<int64_t> number(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_number_integer() || (found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX)) {
    return damaged(std::string(key) + " is not a number");
  }
  return found->get<int64_t>();
}

Result<BundlePart> read_part(const Json& json, int64_t from, int64_t end) {
  BundlePart part{TRY(number(json, "offset")), TRY(number(json, "size"))};
  if (part.offset < from || part.size <= 0 || part.size > end - from || part.offset > end - part.size) return damaged("a part is outside of the file");
  return part;
}

/// An alias becomes an argument and part of a URL.
bool is_alias(const Json& json) {
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  return !text.empty() && text.size() <= 255 && text[0] != '-' && !std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 127 || c == ':'; });
}

Result<BundleImage> read_image(const Json& json, int64_t from, int64_t end) {
  if (!json.is_object()) return damaged("an image is not a map");
  BundleImage image;
  auto fingerprint = json.find("fingerprint"), aliases = json.find("aliases"), metadata = json.find("metadata"), rootfs = json.find("rootfs");
  if (fingerprint == json.end() || !fingerprint->is_string()) return damaged("an image has no fingerprint");
  image.fingerprint = fingerprint->get<std::string>();
  bool hex = std::ranges::all_of(image.fingerprint, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (image.fingerprint.size() != 64 || !hex) return damaged(quote(image.fingerprint) + " is not a fingerprint");
  if (metadata == json.end()) return damaged("an image has no metadata");
  image.metadata = TRY(read_part(*metadata, from, end));
  if (rootfs != json.end()) image.rootfs = TRY(read_part(*rootfs, from, end));
  if (aliases == json.end() || !aliases->is_array()) return image;
  for (const Json& alias : *aliases) {
    if (!is_alias(alias)) return damaged("an image has an alias that is none");
    image.aliases.push_back(alias.get<std::string>());
  }
  return image;
}

Json part_json(const BundlePart& part) { return {{"offset", part.offset}, {"size", part.size}}; }

}  // namespace

bool is_bundle(int fd) { return read_trailer(fd).has_value(); }

Result<Bundle> parse_bundle_index(std::string_view text, int64_t end) {
  auto json = api::parse_json(text);
  if (!json || !json->is_object()) return damaged("its index is not what it should be");
  if (TRY(number(*json, "version")) != kVersion) return fail(Code::unsupported, "This bundle was made by a newer program");
  Bundle bundle;
  bundle.program = TRY(number(*json, "program"));
  if (bundle.program < 0 || bundle.program > end) return damaged("the program's size is wrong");
  if (auto preseed = json->find("preseed"); preseed != json->end()) {
    if (!preseed->is_string()) return damaged("the preseed is not a text");
    bundle.preseed = preseed->get<std::string>();
  }
  auto images = json->find("images");
  if (images == json->end() || !images->is_array() || images->size() > kMaxBundleImages) return damaged("the list of images is wrong");
  for (const Json& image : *images) bundle.images.push_back(TRY(read_image(image, bundle.program, end)));
  return bundle;
}

Result<Bundle> read_bundle(int fd) {
  auto found = read_trailer(fd);
  if (!found) return fail(Code::not_found, "This is not a bundle");
  const auto& [size, trailer] = *found;
  uint64_t room = static_cast<uint64_t>(size) - sizeof(Trailer);
  if (trailer.index_size > kMaxBundleIndex || trailer.index_size > room || trailer.index_offset != room - trailer.index_size) return damaged("its index is not where it should be");
  std::string index(trailer.index_size, '\0');
  if (pread(fd, index.data(), index.size(), static_cast<off_t>(trailer.index_offset)) != static_cast<ssize_t>(index.size())) return fail_errno("Cannot read the bundle");
  if (archive::sha256(index) != std::string_view(trailer.index_sha256, sizeof trailer.index_sha256)) return damaged("its index has another hash than was noted");
  return parse_bundle_index(index, static_cast<int64_t>(trailer.index_offset));
}

std::string bundle_ending(const Bundle& bundle, int64_t end) {
  Json json{{"version", kVersion}, {"program", bundle.program}, {"images", Json::array()}};
  if (!bundle.preseed.empty()) json["preseed"] = bundle.preseed;
  for (const BundleImage& image : bundle.images) {
    Json row{{"fingerprint", image.fingerprint}, {"aliases", image.aliases}, {"metadata", part_json(image.metadata)}};
    if (image.rootfs) row["rootfs"] = part_json(*image.rootfs);
    json["images"].push_back(std::move(row));
  }
  std::string index = api::dump_json(json);
  Trailer trailer{};
  kMagic.copy(trailer.magic, sizeof trailer.magic);
  trailer.index_offset = static_cast<uint64_t>(end);
  trailer.index_size = index.size();
  archive::sha256(index).copy(trailer.index_sha256, sizeof trailer.index_sha256);
  return index + std::string(reinterpret_cast<const char*>(&trailer), sizeof trailer);
}

}  // namespace imagefmt

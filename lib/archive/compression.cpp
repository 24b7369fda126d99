#include "archive/compression.h"

#include <array>

#include "base/strings.h"

namespace archive {

namespace {

struct Named {
  std::string_view name;
  Compression method;
};
constexpr Named kNames[] = {
    {"none", Compression::none},   {"bzip2", Compression::bzip2}, {"gzip", Compression::gzip},   {"pigz", Compression::gzip},
    {"lz4", Compression::lz4},     {"lzma", Compression::lzma},   {"xz", Compression::xz},       {"pxz", Compression::xz},
    {"zstd", Compression::zstd},   {"pzstd", Compression::zstd},  {"squashfs", Compression::squashfs},
};

struct Magic {
  std::string_view bytes;
  size_t offset;
  Content content;
  std::string_view extension;
};
using namespace std::string_view_literals;
constexpr Magic kMagics[] = {
    {"BZh"sv, 0, Content::bzip2, ".tar.bz2"},
    {"\x1f\x8b"sv, 0, Content::gzip, ".tar.gz"},
    {"\xfd" "7zXZ"sv, 0, Content::xz, ".tar.xz"},
    {"\x5d\x00\x00"sv, 0, Content::lzma, ".tar.lzma"},
    {"\x28\xb5\x2f\xfd"sv, 0, Content::zstd, ".tar.zst"},
    {"\x04\x22\x4d\x18"sv, 0, Content::lz4, ".tar.lz4"},
    {"ustar"sv, 257, Content::tar, ".tar"},
    {"hsqs"sv, 0, Content::squashfs, ".squashfs"},
    {"QFI\xfb"sv, 0, Content::qcow2, ".qcow2"},
    {"KDMV"sv, 0, Content::vmdk, ".vmdk"},
};

}  // namespace

Result<CompressionChoice> parse_compression(std::string_view text) {
  StringList words = split_list(text, ' ');
  if (words.empty()) return fail(Code::invalid, "Empty compression algorithm");
  CompressionChoice choice;
  bool known = false;
  for (const Named& row : kNames) {
    if (row.name != words[0]) continue;
    choice.method = row.method;
    known = true;
  }
  if (!known) return fail(Code::invalid, "Compression algorithm {} isn't currently supported", quote(words[0]));
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    bool level = word.size() == 2 && word[0] == '-' && word[1] >= '1' && word[1] <= '9';
    if (level && choice.method != Compression::none) choice.level = word[1] - '0';
    // Our blocks are flushed often enough for rsync already where it matters; accepted for compatibility.
    else if (word != "--rsyncable" || choice.method != Compression::gzip) return fail(Code::invalid, "Invalid compression argument {} for {}", quote(word), words[0]);
  }
  return choice;
}

std::optional<Content> detect(std::string_view head) {
  for (const Magic& row : kMagics) {
    if (head.size() >= row.offset && head.substr(row.offset).starts_with(row.bytes)) return row.content;
  }
  return std::nullopt;
}

std::string_view extension_of(std::optional<Content> content) {
  for (const Magic& row : kMagics) {
    if (content == row.content) return row.extension;
  }
  return "";
}

}  // namespace archive

#include <catch2/catch_test_macros.hpp>

#include "imagefmt/metadata.h"
#include "imagefmt/multipart.h"
#include "imagefmt/simplestreams.h"

using namespace imagefmt;

namespace {

/// Gives `text` out in pieces of `piece` bytes.
archive::Source in_pieces(std::string text, size_t piece) {
  return [text = std::move(text), piece, at = size_t{0}](std::span<char> buffer) mutable -> Result<size_t> {
    size_t count = std::min({piece, buffer.size(), text.size() - at});
    text.copy(buffer.data(), count, at);
    at += count;
    return count;
  };
}

Result<std::vector<std::pair<std::string, std::string>>> parts_of(const std::string& text, size_t piece) {
  MultipartReader reader(in_pieces(text, piece), "XX");
  std::vector<std::pair<std::string, std::string>> out;
  while (auto part = TRY(reader.next())) {
    std::string content;
    for (;;) {
      std::string_view data = TRY(reader.read());
      if (data.empty()) break;
      content += data;
    }
    out.emplace_back(part->name + "/" + part->filename, content);
  }
  return out;
}

}  // namespace

TEST_CASE("multipart parts survive every cut") {
  std::string tricky = "a\r\n--X\r\n--Xb\r\r\n";
  std::string text = "--XX\r\nContent-Disposition: form-data; name=\"metadata\"; filename=\"m\\\"x\"\r\nContent-Type: a/b\r\n\r\n" + tricky +
                     "\r\n--XX\r\ncontent-disposition: form-data; name=rootfs\r\n\r\n\r\n--XX\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nend\r\n--XX--\r\n";
  for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, text.size()}) {
    INFO(piece);
    auto parts = parts_of(text, piece);
    REQUIRE(parts);
    REQUIRE(parts->size() == 3);
    CHECK((*parts)[0] == std::pair<std::string, std::string>("metadata/m\"x", tricky));
    CHECK((*parts)[1] == std::pair<std::string, std::string>("rootfs/", ""));
    CHECK((*parts)[2].second == "end");
  }
  for (size_t cut = 0; cut + 8 < text.size(); cut += 5) CHECK_FALSE(parts_of(text.substr(0, cut), 4096));
}

TEST_CASE("multipart garbage ends") {
  CHECK_FALSE(parts_of("", 10));
  CHECK_FALSE(parts_of(std::string(100000, 'x'), 100));
  CHECK_FALSE(parts_of("--XX\r\n" + std::string(100000, 'h'), 100));
  CHECK(multipart_boundary("multipart/form-data; boundary=\"a b\"") == "a b");
  CHECK(multipart_boundary("Multipart/Form-Data; charset=x; boundary=q") == "q");
  CHECK_FALSE(multipart_boundary("application/json"));
  CHECK_FALSE(multipart_boundary("multipart/form-data"));
}

TEST_CASE("metadata.yaml") {
  auto metadata = parse_metadata("architecture: amd64\ncreation_date: 1700000000\nproperties: {os: x, serial: 20240101, live: true}\n"
                                 "templates:\n  /etc/hostname:\n    when: [create, copy]\n    template: hostname.tpl\n    mode: 0644\n");
  REQUIRE(metadata);
  CHECK(metadata->creation_date == 1700000000);
  CHECK(metadata->properties["serial"] == "20240101");
  CHECK(metadata->templates["/etc/hostname"].when.size() == 2);
  CHECK_FALSE(parse_metadata(""));
  CHECK_FALSE(parse_metadata("- a"));
  CHECK_FALSE(parse_metadata("architecture: amd64\n"));
  CHECK_FALSE(parse_metadata("architecture: pdp11\ncreation_date: 5\n"));
  CHECK_FALSE(parse_metadata("{[: broken"));
}


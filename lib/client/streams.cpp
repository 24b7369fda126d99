#include "client/streams.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "archive/hash.h"
#include "base/log.h"

namespace client {

namespace {

/// A list as it was last time, and how to ask whether it still is.
struct Kept {
  std::string etag, modified, body;
};

std::string place_of(const StreamSource& source, const std::string& url) {
  return source.cache_folder.empty() ? "" : source.cache_folder + "/" + archive::sha256_hex(url);
}

/// The file: ETag, date, body; a line each for the first two.
Kept read_kept(const std::string& place) {
  auto text = place.empty() ? Result<std::string>("") : read_file(place, imagefmt::kMaxStreamFile);
  StringList parts = text ? split(*text, '\n', 3) : StringList();
  return parts.size() == 3 ? Kept{parts[0], parts[1], std::move(parts[2])} : Kept{};
}

void keep(const StreamSource& source, const std::string& place, const Answer& answer) {
  if (place.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(source.cache_folder, error);
  std::string text = answer.headers.get("ETag") + "\n" + answer.headers.get("Last-Modified") + "\n" + answer.body;
  // Without it the next question only takes longer.
  if (auto written = write_file_atomic(place, text); !written) log_debug("Cannot keep an image list", {{"error", written.error().message()}});
}

Result<std::string> fetch_list(const Context& ctx, const StreamSource& source, const std::string& path) {
  std::string url = source.url(path), place = place_of(source, url);
  Kept kept = read_kept(place);
  DownloadOptions options;
  options.proxy = source.proxy;
  options.max_body = imagefmt::kMaxStreamFile;
  options.may_be_unchanged = !kept.body.empty();
  if (!kept.body.empty() && !kept.etag.empty()) options.headers.set("If-None-Match", kept.etag);
  if (!kept.body.empty() && !kept.modified.empty()) options.headers.set("If-Modified-Since", kept.modified);
  auto answer = download(ctx, url, options);
  if (!answer) {
    if (kept.body.empty() || ctx.stopped()) return std::unexpected(answer.error());
    log_debug("An image server can't be reached: its last list is used", {{"url", url}, {"error", answer.error().message()}});
    return kept.body;
  }
  if (answer->status == 304) return kept.body;
  if (answer->body.empty()) return fail(Code::unavailable, "No content in download from {}", quote(url));
  keep(source, place, *answer);
  return std::move(answer->body);
}

}  // namespace

std::string StreamSource::url(const std::string& path) const {
  std::string base = server;
  while (base.ends_with('/')) base.pop_back();
  return base + "/" + path;
}

std::string user_stream_cache() {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (cache && *cache) return std::string(cache) + "/incus";
  return home && *home ? std::string(home) + "/.cache/incus" : "";
}

Result<imagefmt::StreamCatalog> load_catalog(const Context& ctx, const StreamSource& source) {
  std::vector<imagefmt::StreamImage> images;
  std::string index = TRY(fetch_list(ctx, source, "streams/v1/index.json"));
  for (const std::string& path : TRY_CTX(imagefmt::parse_stream_index(index), "Failed parsing the index of {}", source.server)) {
    std::string text = TRY(fetch_list(ctx, source, path));
    auto products = TRY_CTX(imagefmt::parse_stream_products(text), "Failed parsing {}", source.url(path));
    std::ranges::move(products, std::back_inserter(images));
  }
  return imagefmt::make_catalog(std::move(images));
}

Result<> fetch_stream_file(const Context& ctx, const StreamSource& source, const imagefmt::StreamFile& file, const Sink& sink) {
  DownloadOptions options;
  options.proxy = source.proxy;
  options.sink = sink;
  return fetch_file(ctx, {.url = source.url(file.path), .sha256 = file.sha256, .size = file.size}, options);
}

}  // namespace client

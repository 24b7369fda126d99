// Runs a fuzz target without libFuzzer: over the files given, or over random mutations of built-in seeds.
//   fuzz_http_parser FILE...            fuzz_http_parser [-n ROUNDS] [-s SEED]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& input) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size()); }

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> list{
      "\x01\x10GET /1.0?a=b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
      "\x01\x05POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: y\r\n\r\n",
      "\x01\x50PUT / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
      std::string("\x00\x20HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 Not Found\r\n\r\n", 68),
      std::string("\x01\x08\x81\x85\x01\x02\x03\x04hello\x89\x80\0\0\0\0\x02\x81\0\0\0\0a\x80\x81\0\0\0\0b", 32),
      std::string("\x00\x40\x82\x7e\x01\x00", 6) + std::string(256, 'x') + std::string("\x88\x02\x03\xe8", 4),
  };
  return list;
}

std::string mutate(std::mt19937_64& random) {
  std::string text = seeds()[random() % seeds().size()];
  for (uint64_t edits = random() % 8; edits-- > 0 && !text.empty();) {
    size_t at = random() % text.size();
    switch (random() % 5) {
      case 0: text[at] = static_cast<char>(random()); break;
      case 1: text.erase(at, random() % 8); break;
      case 2: text.insert(at, 1 + random() % 4, static_cast<char>(random())); break;
      case 3: text.insert(at, text.substr(random() % text.size(), random() % 40)); break;
      default: text += seeds()[random() % seeds().size()].substr(2); break;
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t rounds = 1'000'000, seed = std::random_device()();
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!strcmp(argv[i], "-n") && i + 1 < argc) rounds = strtoull(argv[++i], nullptr, 10);
    else if (!strcmp(argv[i], "-s") && i + 1 < argc) seed = strtoull(argv[++i], nullptr, 10);
    else files.emplace_back(argv[i]);
  }
  for (const std::string& name : files) {
    std::ifstream in(name, std::ios::binary);
    run(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  if (!files.empty()) return 0;
  printf("seed %llu, %llu rounds\n", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(rounds));
  std::mt19937_64 random(seed);
  for (uint64_t i = 0; i < rounds; ++i) run(mutate(random));
}

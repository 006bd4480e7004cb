# Read by CMake after llama.cpp's `project()`, by way of CMAKE_PROJECT_INCLUDE: of its sources, only the library is built.
#
# The crate always asks for `common` too (parsers of tool calls, an HTTP client), which nothing here uses: two thirds of the time.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)

#!/usr/bin/env bash
# Put docs/_build/html into the folder $VERSION of the branch gh-pages. Only the workflow for the documentation runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
remote="https://x-access-token:$TOKEN@github.com/$GITHUB_REPOSITORY"
pages=$(mktemp -d)
git clone --quiet --depth 1 --branch gh-pages "$remote" "$pages" 2>/dev/null || git init --quiet --initial-branch gh-pages "$pages"
rm -rf "${pages:?}/$VERSION"
cp -r docs/_build/html "$pages/$VERSION"
touch "$pages/.nojekyll"
front=main
[ -d "$pages/latest" ] && front=latest
echo "<!doctype html><meta http-equiv=refresh content='0; url=$front/'><a href='$front/'>flask-cors-rs</a>" > "$pages/index.html"
cd "$pages"
git add --all
git -c user.name=docs -c user.email=docs@users.noreply.github.com commit --quiet --message "Publish $VERSION" || exit 0
git push --quiet "$remote" HEAD:gh-pages

# tokenwatch on Node 24, without the embedded ClickHouse: a container is given a server by URL.
FROM node:24.21.0-bookworm-slim

ENV NODE_ENV=production
WORKDIR /app

# The embedded ClickHouse (chdb, 543 MB) is the one optional dependency that is not wanted here. `--omit=optional` would
# also leave out the native parts of the snappy and lz4 codecs, which are optional dependencies of those packages.
COPY package.json package-lock.json .npmrc ./
RUN npm pkg delete optionalDependencies \
  && npm install --omit=dev --no-audit --no-fund \
  && npm cache clean --force

COPY LICENSE ./
COPY sql ./sql
COPY src ./src

USER node
EXPOSE 9464
ENTRYPOINT ["node", "src/main.ts"]
CMD ["run"]

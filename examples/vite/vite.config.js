import vue from '@vitejs/plugin-vue'

export default {
  plugins: [vue()],
  server: {
    proxy: { '/chat': { target: 'http://127.0.0.1:8000', ws: true } },
  },
}

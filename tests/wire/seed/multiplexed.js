class MultiplexedWebSocket {
constructor(url) {
this.ws = new WebSocket(url);
this.channels = new Map();
this.ws.onmessage = (event) => {
const message = JSON.parse(event.data);
const channel = this.channels.get(message.channel);
if (channel) {
channel.onmessage(message.data);
}
};
}
createChannel(name) {
const channel = {
name: name,
send: (data) => {
this.ws.send(JSON.stringify({
channel: name,
data: data
}));
},
onmessage: null,
close: () => {
this.channels.delete(name);
}
};
this.channels.set(name, channel);
return channel;
}
}

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * The official Java client behind a line protocol, so that one JVM serves many steps of a test.
 * Input: `id command key=value …`, values URL-encoded. Output: `ok id key=value …`, `err id key=value …`, `event name key=value …`.
 */
public final class InteropClient {
    private static final PrintStream OUT = System.out;
    private static final Map<String, DefaultMQProducer> PRODUCERS = new ConcurrentHashMap<>();
    private static final Map<String, DefaultMQPushConsumer> CONSUMERS = new ConcurrentHashMap<>();
    /** Producers and consumers write message traces. */
    private static final boolean TRACE = Boolean.getBoolean("interop.trace");
    private static String namesrv;

    public static void main(String[] args) throws Exception {
        namesrv = args[0];
        System.setOut(System.err);
        ExecutorService pool = Executors.newCachedThreadPool();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        emit("event", "ready", new LinkedHashMap<>());
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final String[] parts = line.split(" ");
            pool.execute(() -> handle(parts));
        }
        System.exit(0);
    }

    private static void handle(String[] parts) {
        Map<String, String> fields = new LinkedHashMap<>();
        try {
            for (int i = 2; i < parts.length; i++) {
                int at = parts[i].indexOf('=');
                fields.put(parts[i].substring(0, at), URLDecoder.decode(parts[i].substring(at + 1), "UTF-8"));
            }
            emit("ok", parts[0], run(parts[1], fields));
        } catch (Throwable t) {
            Map<String, String> error = new LinkedHashMap<>();
            error.put("class", t.getClass().getSimpleName());
            error.put("message", String.valueOf(t.getMessage()));
            if (t instanceof MQBrokerException) {
                error.put("code", String.valueOf(((MQBrokerException) t).getResponseCode()));
            }
            emit("err", parts[0], error);
        }
    }

    private static synchronized void emit(String kind, String name, Map<String, String> fields) {
        StringBuilder text = new StringBuilder(kind).append(' ').append(name);
        try {
            for (Map.Entry<String, String> e : fields.entrySet()) {
                text.append(' ').append(e.getKey()).append('=').append(URLEncoder.encode(e.getValue(), "UTF-8"));
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        OUT.println(text);
        OUT.flush();
    }

    private static Map<String, String> run(String command, Map<String, String> f) throws Exception {
        switch (command) {
            case "producer":
                return startProducer(f);
            case "transactionProducer":
                return startTransactionProducer(f);
            case "send":
                return send(f);
            case "consumer":
                return startConsumer(f);
            case "queryMessage":
                return queryMessage(f);
            case "viewMessage":
                return viewed(queryProducer().viewMessage(f.get("topic"), f.get("id")));
            case "stopProducer":
                PRODUCERS.remove(f.get("name")).shutdown();
                return new LinkedHashMap<>();
            case "stopConsumer":
                CONSUMERS.remove(f.get("name")).shutdown();
                return new LinkedHashMap<>();
            default:
                throw new IllegalArgumentException("no such command: " + command);
        }
    }

    private static Map<String, String> startProducer(Map<String, String> f) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(f.get("group"), TRACE, null);
        producer.setNamesrvAddr(namesrv);
        configure(producer);
        producer.setInstanceName(f.get("name"));
        // The client's own default unless a test names another.
        producer.setSendMsgTimeout(Integer.getInteger("interop.timeoutMs", producer.getSendMsgTimeout()));
        producer.setMqClientApiTimeout(Integer.getInteger("interop.timeoutMs", producer.getMqClientApiTimeout()));
        producer.start();
        PRODUCERS.put(f.get("name"), producer);
        return new LinkedHashMap<>();
    }

    private static Map<String, String> startTransactionProducer(Map<String, String> f) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer(f.get("group"));
        producer.setNamesrvAddr(namesrv);
        configure(producer);
        producer.setInstanceName(f.get("name"));
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object arg) {
                return state(message.getUserProperty("local"));
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                Map<String, String> event = new LinkedHashMap<>();
                event.put("producer", f.get("name"));
                event.put("body", new String(message.getBody(), StandardCharsets.UTF_8));
                emit("event", "check", event);
                return state(message.getUserProperty("check"));
            }
        });
        producer.start();
        PRODUCERS.put(f.get("name"), producer);
        return new LinkedHashMap<>();
    }

    /** The one that asks; a client of its own, as of a console. */
    private static synchronized DefaultMQProducer queryProducer() throws Exception {
        if (!PRODUCERS.containsKey("query")) {
            Map<String, String> f = new LinkedHashMap<>();
            f.put("name", "query");
            f.put("group", "query-producers");
            startProducer(f);
        }
        return PRODUCERS.get("query");
    }

    private static Map<String, String> queryMessage(Map<String, String> f) throws Exception {
        long begin = Long.parseLong(f.getOrDefault("begin", "0"));
        long end = Long.parseLong(f.getOrDefault("end", String.valueOf(Long.MAX_VALUE)));
        StringBuilder ids = new StringBuilder();
        int maxNum = Integer.parseInt(f.getOrDefault("maxNum", "32"));
        for (MessageExt message : queryProducer().queryMessage(f.get("topic"), f.get("key"), maxNum, begin, end).getMessageList()) {
            ids.append(ids.length() == 0 ? "" : ",").append(message.getMsgId());
        }
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("ids", ids.toString());
        return fields;
    }

    private static Map<String, String> viewed(MessageExt message) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("msgId", String.valueOf(message.getMsgId()));
        fields.put("body", new String(message.getBody(), StandardCharsets.UTF_8));
        fields.put("keys", String.valueOf(message.getKeys()));
        fields.put("queueOffset", String.valueOf(message.getQueueOffset()));
        return fields;
    }

    private static LocalTransactionState state(String text) {
        if ("commit".equals(text)) {
            return LocalTransactionState.COMMIT_MESSAGE;
        }
        return "rollback".equals(text) ? LocalTransactionState.ROLLBACK_MESSAGE : LocalTransactionState.UNKNOW;
    }

    /** A fixed address in place of the machine's, for frames that are kept as golden bytes; how often routes are asked for again, and heartbeats sent. */
    private static void configure(ClientConfig client) {
        client.setPollNameServerInterval(Integer.getInteger("interop.pollMs", client.getPollNameServerInterval()));
        client.setHeartbeatBrokerInterval(Integer.getInteger("interop.heartbeatMs", client.getHeartbeatBrokerInterval()));
        String ip = System.getProperty("interop.clientIp");
        if (ip != null) {
            client.setClientIP(ip);
        }
    }

    private static Message message(Map<String, String> f, String body) {
        Message message = new Message(f.get("topic"), f.getOrDefault("tag", ""), f.getOrDefault("keys", ""), body.getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<String, String> e : f.entrySet()) {
            if (e.getKey().startsWith("p.")) {
                message.putUserProperty(e.getKey().substring(2), e.getValue());
            }
        }
        if (f.containsKey("delayLevel")) {
            message.setDelayTimeLevel(Integer.parseInt(f.get("delayLevel")));
        }
        return message;
    }

    private static Map<String, String> send(Map<String, String> f) throws Exception {
        DefaultMQProducer producer = PRODUCERS.get(f.get("producer"));
        String mode = f.getOrDefault("mode", "sync");
        if (mode.equals("oneway")) {
            producer.sendOneway(message(f, f.get("body")));
            return new LinkedHashMap<>();
        }
        if (mode.equals("async")) {
            return sendAsync(producer, message(f, f.get("body")));
        }
        if (mode.equals("batch")) {
            List<Message> batch = new ArrayList<>();
            for (String body : f.get("bodies").split(",")) {
                batch.add(message(f, body));
            }
            return result(producer.send(batch));
        }
        if (mode.equals("transaction")) {
            TransactionSendResult sent = ((TransactionMQProducer) producer).sendMessageInTransaction(message(f, f.get("body")), null);
            Map<String, String> fields = result(sent);
            fields.put("state", String.valueOf(sent.getLocalTransactionState()));
            return fields;
        }
        if (f.containsKey("shardingKey")) {
            return result(producer.send(message(f, f.get("body")), new SelectMessageQueueByHash(), f.get("shardingKey")));
        }
        return result(producer.send(message(f, f.get("body"))));
    }

    private static Map<String, String> sendAsync(DefaultMQProducer producer, Message message) throws Exception {
        java.util.concurrent.CompletableFuture<SendResult> done = new java.util.concurrent.CompletableFuture<>();
        producer.send(message, new SendCallback() {
            @Override
            public void onSuccess(SendResult sent) {
                done.complete(sent);
            }

            @Override
            public void onException(Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return result(done.get());
    }

    private static Map<String, String> result(SendResult sent) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("status", sent.getSendStatus().name());
        fields.put("msgId", String.valueOf(sent.getMsgId()));
        fields.put("offsetMsgId", String.valueOf(sent.getOffsetMsgId()));
        fields.put("queueId", String.valueOf(sent.getMessageQueue().getQueueId()));
        fields.put("queueOffset", String.valueOf(sent.getQueueOffset()));
        return fields;
    }

    private static Map<String, String> startConsumer(Map<String, String> f) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(f.get("group"), TRACE, null);
        consumer.setNamesrvAddr(namesrv);
        configure(consumer);
        consumer.setInstanceName(f.get("name"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        if (f.containsKey("maxReconsumeTimes")) {
            consumer.setMaxReconsumeTimes(Integer.parseInt(f.get("maxReconsumeTimes")));
        }
        consumer.subscribe(f.get("topic"), f.getOrDefault("tags", "*"));
        if ("true".equals(f.get("orderly"))) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                boolean failed = consume(f.get("name"), messages.get(0));
                return failed ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                context.setDelayLevelWhenNextConsume(1);
                boolean failed = consume(f.get("name"), messages.get(0));
                return failed ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
        }
        consumer.start();
        CONSUMERS.put(f.get("name"), consumer);
        return new LinkedHashMap<>();
    }

    /** Reports the message; true when its property `fail` asks for a failure at this delivery. */
    private static boolean consume(String name, MessageExt message) {
        Map<String, String> event = new LinkedHashMap<>();
        event.put("consumer", name);
        event.put("topic", message.getTopic());
        event.put("queueId", String.valueOf(message.getQueueId()));
        event.put("queueOffset", String.valueOf(message.getQueueOffset()));
        event.put("brokerName", String.valueOf(message.getBrokerName()));
        event.put("reconsumeTimes", String.valueOf(message.getReconsumeTimes()));
        event.put("msgId", message.getMsgId());
        event.put("tag", String.valueOf(message.getTags()));
        event.put("keys", String.valueOf(message.getKeys()));
        event.put("body", new String(message.getBody(), StandardCharsets.UTF_8));
        event.put("at", String.valueOf(System.currentTimeMillis()));
        emit("event", "message", event);
        String fail = message.getUserProperty("fail");
        return fail != null && message.getReconsumeTimes() < Integer.parseInt(fail);
    }
}
